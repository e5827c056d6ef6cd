import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readHeadExamples } from '#activities/score/head-examples.ts';
import { readSafetensors } from '#infra/tensors/safetensors.ts';
import { temporaryFolder } from '../../support/folders.ts';

const python = process.env.NEEDLEWORK_PYTHON_ENV;
if (!python) throw new Error('NEEDLEWORK_PYTHON_ENV is not set: run the tests by "npm test"');

const folder = temporaryFolder();

/** Writes tensors by the library that the trainer writes them with. */
function write(name: string, tensors: string): string {
  const path = join(folder, name);
  execFileSync(python!, ['-c', `import sys, numpy as np\nfrom safetensors.numpy import save_file\nsave_file(${tensors}, sys.argv[1], metadata={"format": "pt"})`, path]);
  return path;
}

/** What a score job writes of two examples with three tokens in all, two layers and two heads; `changes` replace tensors. */
const examples = (changes = '{}') => `{
  "retrieval": np.arange(8, dtype=np.float32).reshape(2, 2, 2) / 8, "insight": np.ones((2, 2, 2), np.float32),
  "attended": np.arange(12, dtype=np.int32).reshape(3, 2, 2), "written": np.array([7, 8, 9], np.int32),
  "offsets": np.array([0, 1, 3]), "prompt_tokens": np.array([20, 30], np.int32), "counted": np.array([True, False]), **${changes}}`;

it('reads what the Python library writes', async () => {
  const path = write('kinds.safetensors', '{"a": np.array([[1.5, -2.0]], np.float32), "b": np.array([-3], np.int32), "c": np.array([2**40]), "d": np.array([True, False]), "e": np.zeros((0, 4), np.int32)}');
  expect(await readSafetensors(path)).toEqual({
    a: { dtype: 'F32', shape: [1, 2], data: new Float32Array([1.5, -2]) },
    b: { dtype: 'I32', shape: [1], data: new Int32Array([-3]) },
    c: { dtype: 'I64', shape: [1], data: new BigInt64Array([2n ** 40n]) },
    d: { dtype: 'BOOL', shape: [2], data: new Uint8Array([1, 0]) },
    e: { dtype: 'I32', shape: [0, 4], data: new Int32Array() },
  });
});

it('refuses what it cannot read, and says what it found', async () => {
  const cases: [string, Buffer, RegExp][] = [
    ['empty', Buffer.alloc(0), /in a file of 0/],
    ['long', Buffer.from([255, 0, 0, 0, 0, 0, 0, 0, 1]), /a header of 255 bytes in a file of 9/],
    ['text', Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{x')]), /a header that is not JSON/],
  ];
  for (const [name, bytes, message] of cases) {
    const path = join(folder, name);
    await writeFile(path, bytes);
    await expect(readSafetensors(path)).rejects.toThrow(message);
  }
  await expect(readSafetensors(write('half', '{"a": np.zeros(2, np.float16)}'))).rejects.toMatchObject({ name: 'TensorsUnreadable', nonRetryable: true, message: expect.stringContaining('F16 in tensor a') });
});

describe('readHeadExamples', () => {
  it('gives the scores of every example and where its heads looked', async () => {
    expect(await readHeadExamples(write('examples', examples()))).toEqual({
      examples: 2,
      layers: 2,
      heads: 2,
      retrieval: new Float32Array([0, 1, 2, 3, 4, 5, 6, 7].map((n) => n / 8)),
      insight: new Float32Array(8).fill(1),
      attended: new Int32Array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
      written: new Int32Array([7, 8, 9]),
      offsets: [0, 1, 3],
      promptTokens: [20, 30],
      counted: [true, false],
    });
  });

  it.each([
    ['{"retrieval": np.zeros((2, 2, 2), np.int32)}', 'tensor retrieval: found I32 [2, 2, 2]; allowed: F32 [examples, layers, heads]'],
    ['{"written": np.zeros(4, np.int32)}', 'tensor written: found I32 [4]; allowed: 3 tokens'],
    ['{"insight": np.zeros((2, 2, 3), np.float32)}', 'tensor insight: found F32 [2, 2, 3]; allowed: 2 heads'],
    ['{"offsets": np.array([0, 3])}', 'tensor offsets: found I64 [2]; allowed: 2 examples'],
    ['{"offsets": np.array([0, 4, 3])}', 'tensor offsets: found I64 [3]; allowed: numbers that rise from 0 to 3'],
    ['{"counted": np.zeros(3, bool)}', 'tensor counted: found BOOL [3]; allowed: 2 examples'],
  ])('refuses %s', async (changes, message) => {
    await expect(readHeadExamples(write('wrong', examples(changes)))).rejects.toThrow(message);
  });

  it('refuses a file without one of its tensors', async () => {
    await expect(readHeadExamples(write('fewer', '{"retrieval": np.zeros((2, 2, 2), np.float32)}'))).rejects.toThrow('tensor insight: found nothing; allowed: F32 [examples, layers, heads]');
  });
});
