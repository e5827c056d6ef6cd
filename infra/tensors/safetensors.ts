/** Reads safetensors files (https://github.com/huggingface/safetensors): a header of JSON, then the tensors' bytes. */
import { readFile } from 'node:fs/promises';

const ARRAYS = { F32: Float32Array, I32: Int32Array, I64: BigInt64Array, BOOL: Uint8Array } as const;
export type Dtype = keyof typeof ARRAYS;

export interface Tensor<D extends Dtype = Dtype> {
  dtype: D;
  shape: readonly number[];
  /** Elements, the last dimension fastest; booleans as 0 and 1. */
  data: InstanceType<(typeof ARRAYS)[D]>;
}

/** A file that is no safetensors file, or does not hold what it should; reading it again does not help. */
export class TensorsUnreadable extends Error {
  override readonly name = 'TensorsUnreadable';
  readonly nonRetryable = true;
}

/** All tensors of a file, by name. @throws TensorsUnreadable */
export async function readSafetensors(path: string): Promise<Record<string, Tensor>> {
  return parseSafetensors(await readFile(path), path);
}

/** All tensors in the bytes of a file, by name; `path` names it in errors. @throws TensorsUnreadable */
export function parseSafetensors(bytes: Buffer, path: string): Record<string, Tensor> {
  const refuse = (found: string) => new TensorsUnreadable(`${path}: found ${found}; allowed: a safetensors file with ${Object.keys(ARRAYS).join(', ')} tensors`);
  const start = bytes.length < 8 ? Number.NaN : 8 + Number(bytes.readBigUInt64LE(0));
  if (!(start <= bytes.length)) throw refuse(`a header of ${start - 8} bytes in a file of ${bytes.length}`);
  let header: Record<string, { dtype: Dtype; shape: number[]; data_offsets: [number, number] }>;
  try {
    header = JSON.parse(bytes.toString('utf8', 8, start)) as typeof header;
  } catch (error) {
    throw refuse(`a header that is not JSON (${String(error)})`);
  }
  const tensors: Record<string, Tensor> = {};
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const Array = ARRAYS[dtype];
    if (Array === undefined) throw refuse(`${dtype} in tensor ${name}`);
    const [from, to] = data_offsets;
    const expected = shape.reduce((product, size) => product * size, Array.BYTES_PER_ELEMENT);
    if (to - from !== expected || start + to > bytes.length) throw refuse(`${Math.min(to, bytes.length - start) - from} bytes of tensor ${name}, which has ${expected}`);
    // A copy: the file's bytes need not be aligned for numbers of several bytes.
    const data = new Array(Uint8Array.prototype.slice.call(bytes, start + from, start + to).buffer as ArrayBuffer);
    tensors[name] = { dtype, shape, data };
  }
  return tensors;
}
