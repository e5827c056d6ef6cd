/** `examples.safetensors` of a score artifact: the scores of every example, and where its heads looked. */
import { readFile } from 'node:fs/promises';
import { parseSafetensors, type Tensor, TensorsUnreadable } from '#infra/tensors/safetensors.ts';
import { HEAD_EXAMPLES, type HeadExamples } from '#workflows/contracts/results.ts';

/**
 * Reads the file and checks it against `HEAD_EXAMPLES`: names, kinds of numbers, and one length for each dimension.
 * @throws TensorsUnreadable
 */
export async function readHeadExamples(path: string): Promise<HeadExamples> {
  return parseHeadExamples(await readFile(path), path);
}

/** As `readHeadExamples`, from the bytes of the file; `path` names it in errors. @throws TensorsUnreadable */
export function parseHeadExamples(bytes: Buffer, path: string): HeadExamples {
  const tensors = parseSafetensors(bytes, path);
  const sizes: Partial<Record<string, number>> = {};
  for (const [name, { dtype, dimensions }] of Object.entries(HEAD_EXAMPLES)) {
    const tensor = tensors[name];
    if (tensor?.dtype !== dtype || tensor.shape.length !== dimensions.length) throw differs(path, name, tensor, `${dtype} [${dimensions.join(', ')}]`);
    for (const [at, dimension] of dimensions.entries()) {
      const size = tensor.shape[at]! - (dimension === 'examples + 1' ? 1 : 0);
      const whole = dimension === 'examples + 1' ? 'examples' : dimension;
      if ((sizes[whole] ??= size) !== size) throw differs(path, name, tensor, `${sizes[whole]} ${whole}, as in the tensors before`);
    }
  }
  const of = <T extends Float32Array | Int32Array | BigInt64Array | Uint8Array>(name: keyof typeof HEAD_EXAMPLES) => tensors[name]!.data as T;
  const { examples, tokens, layers, heads } = sizes as Record<'examples' | 'tokens' | 'layers' | 'heads', number>;
  const offsets = [...of<BigInt64Array>('offsets')].map(Number);
  const rises = offsets.every((offset, at) => at === 0 || offset >= offsets[at - 1]!);
  if (offsets[0] !== 0 || offsets.at(-1) !== tokens || !rises) throw differs(path, 'offsets', tensors.offsets, `numbers that rise from 0 to ${tokens}`);
  return {
    examples,
    layers,
    heads,
    retrieval: of<Float32Array>('retrieval'),
    insight: of<Float32Array>('insight'),
    attended: of<Int32Array>('attended'),
    written: of<Int32Array>('written'),
    offsets,
    promptTokens: [...of<Int32Array>('prompt_tokens')],
    counted: [...of<Uint8Array>('counted')].map(Boolean),
  };
}

function differs(path: string, name: string, found: Tensor | undefined, allowed: string): TensorsUnreadable {
  return new TensorsUnreadable(`${path}: tensor ${name}: found ${found ? `${found.dtype} [${found.shape.join(', ')}]` : 'nothing'}; allowed: ${allowed}`);
}
