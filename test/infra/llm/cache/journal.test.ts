import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Journal } from '#infra/llm/cache/journal.ts';
import { temporaryFolder } from '../../../support/folders.ts';

describe('Journal', () => {
  it('has a line on the disk, where it says, once an append is over', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl');
    const journal = await Journal.create(path);
    const lines = Array.from({ length: 200 }, (_, at) => `line ${at}: ${'ä'.repeat(at)}.\n`);
    await Promise.all(
      lines.map(async (line, at) => {
        if (at % 3 === 0) await new Promise(setImmediate);
        const { offset, length } = await journal.append(line);
        expect(readFileSync(path).toString('utf8', offset, offset + length)).toBe(line.trimEnd());
      }),
    );
    await journal.close();
    expect(readFileSync(path, 'utf8').split('\n').sort()).toEqual([...lines.map((line) => line.trimEnd()), ''].sort());
  });

  it('fails every append to a file that cannot be written', async () => {
    const journal = await Journal.create(join(temporaryFolder(), 'journal.jsonl'));
    await journal.close();
    await expect(Promise.all([journal.append('a\n'), journal.append('b\n')])).rejects.toThrow();
    await expect(journal.append('c\n')).rejects.toThrow();
  });
});
