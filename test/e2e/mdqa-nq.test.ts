/** Real NQ-Open questions through the whole path. Needs ../shared/data, which is not part of the repository; skipped without it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SweepResult } from '#workflows/contracts/progress.ts';
import { SweepResults } from '#workflows/contracts/report.ts';
import { temporaryFolder } from '../support/folders.ts';
import { needleworkUp, type RunningStack } from '../support/stack.ts';

/** The example with fewer steps and questions: every part of its path, in a third of the time. */
function smaller(spec: { tasks: [{ source: Record<string, string>; examples: object }]; models: [{ base: object }]; mask: object }) {
  const [{ source }] = spec.tasks;
  for (const role of ['questions', 'pool']) source[role] = resolve(source[role]!);
  Object.assign(spec.tasks[0].examples, { total: 80, test: 20 });
  Object.assign(spec.models[0].base, { steps: 120, copyingSteps: 40 });
  Object.assign(spec.mask, { randomDraws: 1, examples: 10 });
  return spec;
}

const DATA = fileURLToPath(new URL('../../../shared/data/mdqa', import.meta.url));

describe.skipIf(!existsSync(DATA))('examples/mdqa-nq.json on real data', () => {
  let stack: RunningStack;
  let result: SweepResult;
  let results: SweepResults;
  beforeAll(async () => {
    const home = temporaryFolder();
    const spec = join(home, 'mdqa-nq.json');
    writeFileSync(spec, JSON.stringify(smaller(JSON.parse(readFileSync('examples/mdqa-nq.json', 'utf8')))));
    stack = await needleworkUp(join(home, 'state'));
    result = await stack.sweep('mdqa-nq', spec);
    results = SweepResults.parse(JSON.parse(readFileSync(result.report.resultsFile, 'utf8')));
  }, 900_000);
  afterAll(() => stack?.stop());

  it('goes from import to report', () => {
    expect(result).toMatchObject({ status: 'complete', failures: [] });
    const { sources, bases, settings } = results;
    expect(sources[0]).toMatchObject({ kind: 'nq-open', status: 'done' });
    expect(sources[0]!.rows!.pool).toBeGreaterThan(10_000);
    expect(bases[0]).toMatchObject({ kind: 'pretrain', status: 'done', architecture: { vocabularySize: 4096 } });
    // The base did learn something from the corpus, whatever the questions need.
    const loss = bases[0]!.pretraining!.loss;
    expect(loss.at(-1)!.loss).toBeLessThan(loss[0]!.loss - 1);
    expect(settings[0]!.cells.map(({ status }) => status)).toEqual(['done', 'done']);
  });

  it('asks real questions, each answered by the passage that is its needle', () => {
    const { samples } = results.settings[0]!.cells[0]!.dataset!;
    for (const { prompt, needles, answerSpans, answers } of samples) {
      const characters = [...prompt];
      expect(needles).toHaveLength(1);
      for (const { start, end } of answerSpans) {
        expect(start).toBeGreaterThanOrEqual(needles[0]!.start);
        expect(answers.map((answer) => answer.toLowerCase())).toContain(characters.slice(start, end).join('').toLowerCase());
      }
    }
  });

  it('says what the model is, and that a low F1 is to be expected', () => {
    const page = readFileSync(result.report.file, 'utf8');
    expect(page).toMatch(/trained from scratch by this sweep/);
    expect(page).toMatch(/low F1 is (to be )?expected/i);
  });
});
