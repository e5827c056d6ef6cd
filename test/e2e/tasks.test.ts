/** One sweep over all three tasks, from files in the formats of MuSiQue and SummHay, to a report. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SweepResult } from '#workflows/contracts/progress.ts';
import { SweepResults } from '#workflows/contracts/report.ts';
import { temporaryFolder } from '../support/folders.ts';
import { musiqueJsonl } from '../support/musique-rows.ts';
import { smallSpec } from '../support/spec.ts';
import { needleworkUp, type RunningStack } from '../support/stack.ts';

const ROWS = 24;
const INSIGHTS = 20;

const topic = {
  topic_id: 'towns',
  subtopics: [{ insights: Array.from({ length: INSIGHTS }, (_, n) => ({ insight_id: `i${n}`, insight: `The mill of town ${n} was founded in ${1900 + n}.` })) }],
  documents: Array.from({ length: 2 * INSIGHTS }, (_, n) => {
    const of = Math.floor(n / 2);
    return { document_id: `d${n}`, document_text: `Report ${n}. ${n % 2 === 0 ? 'As is known, the' : 'The'} mill of town ${of} was founded in ${1900 + of}.`, insights_included: [`i${of}`] };
  }),
};

describe('a sweep over all three tasks', () => {
  const home = temporaryFolder();
  let stack: RunningStack;
  let result: SweepResult;
  let results: SweepResults;
  const file = (name: string, text: string) => {
    writeFileSync(join(home, name), text);
    return join(home, name);
  };

  beforeAll(async () => {
    const examples = { total: 10, validationShare: 0.2, test: 3 };
    const questions = file('musique.jsonl', musiqueJsonl(ROWS));
    const topics = [file('towns.json', JSON.stringify(topic))];
    const spec = smallSpec({
      name: 'tasks',
      tasks: [
        ...smallSpec().tasks,
        { task: 'musique', source: { kind: 'musique', questions: [questions] }, contextTokens: 1536, examples },
        { task: 'summhay', source: { kind: 'summhay', topics }, contextTokens: 512, examples, listLength: 3 },
      ],
      conditions: ['real', 'limited', 'high/high', 'low/low', 'symbolic'],
      write: { provider: 'offline' },
      baselines: ['untuned'],
      mask: { k: [2], randomDraws: 1 },
      patch: {},
    });
    stack = await needleworkUp(join(home, 'state'));
    result = await stack.sweep('tasks', file('spec.json', JSON.stringify(spec)));
    results = SweepResults.parse(JSON.parse(readFileSync(result.report.resultsFile, 'utf8')));
  }, 600_000);
  afterAll(() => stack?.stop());

  it('finishes every cell that there can be, and says why one cannot', () => {
    expect(result.failures).toEqual([]);
    const cells = results.settings.flatMap(({ task, cells: found }) => found.map(({ condition, status, reason }) => ({ cell: `${task}/${condition}`, status, reason })));
    expect(cells.filter(({ status }) => status !== 'done')).toEqual([{ cell: 'summhay/limited', status: 'missing', reason: 'SummHay Citation has no limited real data (paper, appendix C.1)' }]);
    expect(cells).toHaveLength(15);
    expect(readFileSync(result.report.file, 'utf8')).toContain('SummHay Citation has no limited real data');
  });

  it('scores both kinds of heads for a citation, by the numbers cited and the insight’s place', () => {
    const summhay = results.settings.find(({ task }) => task === 'summhay')!;
    for (const { dataset } of summhay.cells.flatMap((cell) => (cell.dataset ? [cell] : []))) {
      for (const { prompt, answer, answerSpans, needles } of dataset!.samples) {
        const text = [...prompt];
        const numbers = answerSpans.map(({ start, end }) => text.slice(start, end).join(''));
        expect(numbers.sort((a, b) => Number(a) - Number(b)).map((number) => `[${number}]`).join('')).toBe(answer);
        expect(needles.length).toBeGreaterThanOrEqual(2);
      }
    }
  });

  it('patches every model but the real one with heads of the real one, by the task’s own kind of score', () => {
    const settings = results.settings.map(({ cells }) => cells.filter(({ status }) => status === 'done'));
    for (const cells of settings) {
      const real = cells.find(({ condition }) => condition === 'real')!;
      const positive = ({ heads }: (typeof cells)[number]) => new Set(heads![heads!.kind].flatMap((row, layer) => row.flatMap((score, head) => (score > 0 ? [`${layer},${head}`] : []))));
      expect(real.patching).toBeNull();
      for (const cell of cells.filter((one) => one !== real)) {
        const { n, candidates, sets, skipped, unpatchedF1, f1, delta, examples } = cell.patching!;
        const [ofReal, own] = [positive(real), positive(cell)];
        const shared = [...ofReal].filter((head) => own.has(head)).length;
        expect(candidates).toEqual({ complement: ofReal.size - shared, intersection: shared });
        expect(n).toBe(Math.min(candidates.complement, candidates.intersection));
        expect([sets.length, skipped.length]).toEqual(n > 0 ? [3, 0] : [0, 3]);
        for (const { kind, heads } of sets) {
          expect(heads).toHaveLength(n);
          for (const head of heads.map(String)) if (kind !== 'random') expect([ofReal.has(head), own.has(head)], `${kind} ${head}`).toEqual([true, kind === 'intersection']);
        }
        // The same model on the same questions, decoded anew.
        expect([examples, unpatchedF1]).toEqual([cell.evaluation!.examples, cell.evaluation!.f1.mean]);
        expect(delta).toBe(n > 0 ? Math.max(f1.complement!, f1.intersection!, f1.random!) - unpatchedF1 : null);
      }
    }
    expect(settings.flat().some(({ patching }) => (patching?.n ?? 0) > 0)).toBe(true);
    expect(readFileSync(result.report.file, 'utf8')).toContain('F1 with the outputs of heads patched from the model tuned on real data');
  });

  it('asks limited questions of triples only', () => {
    const limited = results.settings.find(({ task }) => task === 'musique')!.cells.find(({ condition }) => condition === 'limited')!;
    expect(limited.dataset!.samples.every(({ id }) => Number(id.split('__')[1]) % 2 === 0)).toBe(true);
    expect(limited.dataset!.dropped['question with a hop in words']).toBeGreaterThan(0);
  });

  it('has texts written for the conditions that need them, labelled with who wrote them', () => {
    for (const task of ['musique', 'summhay'] as const) {
      const { cells } = results.settings.find((setting) => setting.task === task)!;
      for (const condition of ['high/high', 'low/low'] as const) {
        const { generator, writing } = cells.find((cell) => cell.condition === condition)!.dataset!;
        expect(generator).toBe('offline templates');
        expect(writing.needles).toMatchObject({ writer: 'offline templates', calls: 0, dollars: 0 });
        expect(Object.keys(writing)).toEqual(task === 'musique' && condition === 'high/high' ? ['needles', 'passages'] : ['needles']);
      }
    }
    expect(readFileSync(result.report.file, 'utf8')).toContain('offline templates');
  });
});
