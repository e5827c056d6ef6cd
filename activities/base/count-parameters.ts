import { open, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { parse } from '#workflows/contracts/parse.ts';
import { hopeless } from '../stage/failures.ts';
import { readJson } from './read-json.ts';

/** The header of a safetensors file: a tensor's shape by its name. */
const Header = z.record(z.string(), z.looseObject({ shape: z.array(z.int()).optional() }));

/** Number of weights in the safetensors files of a folder, from their headers alone. */
export async function countParameters(folder: string): Promise<number> {
  let total = 0;
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.safetensors')).sort()) {
    for (const { shape } of Object.values(await readHeader(join(folder, name)))) {
      if (shape !== undefined) total += shape.reduce((product, size) => product * size, 1);
    }
  }
  return total;
}

async function readHeader(path: string): Promise<z.infer<typeof Header>> {
  const name = basename(path);
  const file = await open(path);
  try {
    const length = Buffer.alloc(8);
    await file.read(length, 0, 8, 0);
    const size = length.readBigUInt64LE();
    const { size: bytes } = await file.stat();
    // A pointer of Git LFS, for instance, is text.
    if (size > BigInt(Math.max(0, bytes - 8))) throw hopeless('ModelMissing', `${name}: found ${bytes} bytes that are no safetensors file, allowed: weights in safetensors format (was a Git LFS pointer left unresolved?)`);
    const header = Buffer.alloc(Number(size));
    await file.read(header, 0, header.length, 8);
    return parse(Header, readJson(header.toString('utf8'), name), `the header of ${name}`);
  } finally {
    await file.close();
  }
}
