/**
 * A text, with what may be secret in its URLs (user, password, query) left out. Meant for text of any kind, so it rather leaves
 * out too much: all that comes before a last `@`.
 */
export function withoutUrlSecrets(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)([^\s"'<>]*@)?([^\s"'<>?#]*)([?#][^\s"'<>]*)?/gi, (_url, scheme: string, user: string | undefined, rest: string, query: string | undefined) =>
    [scheme, user && '…@', rest, query && '?…'].filter(Boolean).join(''),
  );
}
