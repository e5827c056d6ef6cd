import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** SHA-256 (hexadecimal) and size of bytes in memory. */
export function digestBytes(content: Uint8Array): { sha256: string; bytes: number } {
  return { sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length };
}

/** SHA-256 (hexadecimal) and size in bytes of a file, read as a stream. */
export async function digestFile(path: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(createReadStream(path), async (chunks) => {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      hash.update(chunk);
    }
  });
  return { sha256: hash.digest('hex'), bytes };
}

/** Names of all files under `folder`, with `/` between folders, in code-point order. */
export function listFiles(folder: string): string[] {
  // Not in the thread pool: a trip there and back for each file costs more than the look at it.
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(folder, name)).isFile());
  return names.map((name) => name.replaceAll('\\', '/')).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** SHA-256 over names and contents of all files under `folder`. */
export async function digestFolder(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of listFiles(folder)) hash.update(`${name}\0${(await digestFile(join(folder, name))).sha256}\n`);
  return hash.digest('hex');
}
