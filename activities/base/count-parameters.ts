import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parse } from '#workflows/contracts/parse.ts';

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
  const file = await open(path);
  try {
    const length = Buffer.alloc(8);
    await file.read(length, 0, 8, 0);
    const header = Buffer.alloc(Number(length.readBigUInt64LE()));
    await file.read(header, 0, header.length, 8);
    return parse(Header, JSON.parse(header.toString('utf8')), `the header of ${path.split('/').at(-1)}`);
  } finally {
    await file.close();
  }
}
