import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readJsonLines, SourceError, writeJsonLines } from '#activities/source/index.ts';
import { collect } from './support.ts';

const Row = z.object({ question: z.string(), ctxs: z.array(z.object({ isgold: z.boolean() })) });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'needlework-lines-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(content: string | Buffer, name = 'rows.jsonl') {
  const file = join(folder, name);
  await writeFile(file, content);
  return collect(readJsonLines(Row, file));
}
const good = { question: 'q', ctxs: [] };

describe('reading JSONL', () => {
  it('numbers rows as an editor does, and skips blank ones', async () => {
    const rows = await read(`${JSON.stringify(good)}\r\n\n${JSON.stringify({ ...good, question: 'r' })}`);
    expect(rows.map(({ row, value }) => [row, value.question])).toEqual([[1, 'q'], [3, 'r']]);
  });

  it('knows gzip by its bytes, not by its name', async () => {
    expect(await read(gzipSync(JSON.stringify(good)), 'packed.jsonl')).toHaveLength(1);
    expect(await read(JSON.stringify(good), 'plain.jsonl.gz')).toHaveLength(1);
  });

  it('keeps rows whole that hold line separators of other kinds, and characters across chunks', async () => {
    const question = `a\u2028b\u2029c ${'😀ß'.repeat(60_000)}`;
    const [row] = await read(JSON.stringify({ ...good, question }));
    expect(row?.value.question).toBe(question);
  });

  it.each([
    ['a field of the wrong type', `${JSON.stringify(good)}\n${JSON.stringify({ question: 'q', ctxs: [{ isgold: true }, { isgold: 'yes' }] })}`,
      /rows\.jsonl, row 2.*\n.*ctxs\[1\]\.isgold: found "yes", allowed: a value of type boolean/],
    ['a missing field', '{"ctxs": []}', /row 1.*\n.*question: found nothing, allowed: a value of type string/],
    ['broken JSON', `${JSON.stringify(good)}\n{"question": `, /rows\.jsonl, row 2: found "\{\\"question\\": ", allowed: one JSON object per line/],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x0a]), /rows\.jsonl.*cannot be read as UTF-8/],
    ['a cut gzip file', gzipSync(JSON.stringify(good)).subarray(0, 30), /rows\.jsonl.*cannot be read as gzipped/],
  ])('says where %s is', async (_, content, message) => {
    const error = await read(content).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({ nonRetryable: true, message: expect.stringMatching(message) });
  });

  it('names a file that is not there', async () => {
    await expect(collect(readJsonLines(Row, join(folder, 'absent.jsonl')))).rejects.toThrow(/absent\.jsonl: found no readable file/);
  });
});

it('writes what it reads', async () => {
  const file = join(folder, 'written.jsonl');
  await writeJsonLines(file, [good, { ...good, question: 'r\u2028' }]);
  expect((await collect(readJsonLines(Row, file))).map(({ value }) => value.question)).toEqual(['q', 'r\u2028']);
  expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(3);
});
