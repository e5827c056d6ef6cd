/** `needlework advise` on a spec, as a person runs it: real trainings and head scoring of a tiny model, from a file and from conditions; no evaluation. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeMiniature } from '#activities/source/index.ts';
import { Advice } from '#workflows/contracts/advice.ts';
import type { GivenExample, MdqaRow } from '#workflows/contracts/source.ts';
import { anyPort } from '../infra/servers/support.ts';
import { needlework } from '../support/command.ts';
import { temporaryFolder } from '../support/folders.ts';

const home = temporaryFolder();

/** Finished examples as a person may have them: the authored questions, each among a few passages. */
async function finishedExamples(count: number): Promise<string> {
  const folder = temporaryFolder();
  await writeMiniature({ task: 'mdqa', seed: 77, trainRows: count, testRows: 1, outputDir: folder });
  const rows = readFileSync(join(folder, 'train.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as MdqaRow);
  const examples = rows.map(({ id, question, answers, gold, distractors, fact }, at): GivenExample => {
    const passages = distractors.slice(0, 6).map(({ title, text }) => `(Title: ${title}) ${text}`);
    passages.splice(at % 7, 0, `(Title: ${gold.title}) ${gold.text}`);
    const sentence = gold.text.split(/(?<=\.) /).find((one) => one.includes(fact!.value))!;
    return { id, context: passages.map((text, place) => `Document ${place + 1}: ${text}`).join('\n'), needles: [sentence], question, answer: answers[0]! };
  });
  const file = join(home, 'mine.jsonl');
  writeFileSync(file, examples.map((example) => `${JSON.stringify(example)}\n`).join(''));
  return file;
}

describe('needlework advise', { timeout: 900_000 }, () => {
  it('trains and scores candidates, ranks them, and runs nothing again', async () => {
    const spec = join(home, 'which.json');
    const advice = {
      name: 'which',
      seed: 1,
      task: { task: 'mdqa', source: { kind: 'miniature' }, contextTokens: 512, examples: { total: 60, validationShare: 0.2 } },
      model: { model: 'tiny-llama', base: { kind: 'folder', path: 'examples/models/tiny-llama' }, ropeTheta: 80_000 },
      candidates: [{ name: 'mine', examples: await finishedExamples(60) }, 'symbolic'],
      train: { learningRate: 0.002 },
      evaluate: { maxNewTokens: 8 },
    };
    writeFileSync(spec, JSON.stringify(advice));
    const env = { NEEDLEWORK_HOME: home, NEEDLEWORK_S3_BUCKET: '', NEEDLEWORK_TEMPORAL_PORT: String(await anyPort()), NEEDLEWORK_UI_PORT: String(await anyPort()), NEEDLEWORK_S3_PORT: String(await anyPort()) };
    const { status, output } = await needlework(['advise', spec], env);
    expect(output, output).toContain(`advice: ${join(home, 'reports', '_advice', 'which', 'advice.html')}`);
    expect(status).toBe(0);
    const file = join(home, 'reports', '_advice', 'which', 'advice.json');
    const first = readFileSync(file);
    const { rankings } = Advice.parse(JSON.parse(first.toString()));
    const { real, candidates } = rankings[0]!;
    expect(real!.positive).toBeGreaterThan(0);
    expect(candidates.map(({ name }) => name).sort()).toEqual(['mine', 'symbolic']);
    for (const { name, rank, recall, cosine, examples, f1 } of candidates) {
      expect(rank, name).not.toBeNull();
      expect(examples, name).toBe(12);
      expect(recall!.low, name).toBeLessThanOrEqual(recall!.mean);
      expect(cosine!.mean, name).toBeGreaterThan(0);
      expect(f1, name).toBeNull();
    }
    // The same kind of question in plain words teaches the heads that real data teaches.
    expect(candidates.find(({ name }) => name === 'mine')!.recall!.mean).toBeGreaterThan(0.5);
    const again = await needlework(['advise', spec], env);
    expect(again.output).toMatch(/3 of 3 stages reused/);
    expect(readFileSync(file)).toEqual(first);
  });
});
