import { readFileSync } from 'node:fs';

/** Versions written into every manifest: this package and Node. */
export const versions: Readonly<Record<string, string>> = {
  needlework: (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version,
  node: process.versions.node,
};
