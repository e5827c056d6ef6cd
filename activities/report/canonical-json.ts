import canonicalize from 'canonicalize';

/** A file's text: canonical JSON (RFC 8785), one line with a line feed. The same value gives the same bytes. */
export const canonicalJson = (value: object): string => `${canonicalize(value)}\n`;
