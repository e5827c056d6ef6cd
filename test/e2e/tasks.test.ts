/** One sweep over all three tasks, from files in the formats of MuSiQue and SummHay, to a report. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SweepResult } from '#workflows/contracts/progress.ts';
import { SweepResults } from '#workflows/contracts/report.ts';
import { temporaryFolder } from '../support/folders.ts';
import { smallSpec } from '../support/spec.ts';
import { needleworkUp, type RunningStack } from '../support/stack.ts';

const ROWS = 24;
const INSIGHTS = 20;

function musiqueRow(n: number) {
  const paragraph = (idx: number, title: string, paragraph_text: string, is_supporting = true) => ({ idx, title, paragraph_text, is_supporting });
  const triple = n % 2 === 0;
  return {
    id: `3hop1__${n}`,
    question: `who led the land of town ${n}`,
    answer: `Reed${n}`,
    answer_aliases: [],
    answerable: true,
    question_decomposition: [
      { id: 3 * n, question: `Town ${n} >> land`, answer: `Land${n}`, paragraph_support_idx: 0 },
      { id: 3 * n + 1, question: triple ? `#1 >> capital ${n}` : `what is the capital ${n} of #1`, answer: `City${n}`, paragraph_support_idx: 1 },
      { id: 3 * n + 2, question: `#2 >> leader ${n}`, answer: `Reed${n}`, paragraph_support_idx: 2 },
    ],
    paragraphs: [
      paragraph(0, `Town ${n}`, `Town ${n} is in Land${n}.`),
      paragraph(1, `Land${n}`, `The capital of Land${n} is City${n}.`),
      paragraph(2, `City${n}`, `City${n} was led by Reed${n}.`),
      paragraph(3, 'Hill', `A hill is near town ${n + 1}.`, false),
    ],
  };
}

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
    const questions = file('musique.jsonl', Array.from({ length: ROWS }, (_, n) => JSON.stringify(musiqueRow(n))).join('\n'));
    const topics = [file('towns.json', JSON.stringify(topic))];
    const spec = smallSpec({
      name: 'tasks',
      tasks: [
        ...smallSpec().tasks,
        { task: 'musique', source: { kind: 'musique', questions: [questions] }, contextTokens: 512, examples },
        { task: 'summhay', source: { kind: 'summhay', topics }, contextTokens: 512, examples, listLength: 3 },
      ],
      conditions: ['real', 'limited', 'symbolic'],
      baselines: ['untuned'],
      mask: { k: [2], randomDraws: 1 },
    });
    stack = await needleworkUp(join(home, 'state'));
    // The miniature's questions are too few for a limited dataset of their own size; the others are as asked.
    result = await stack.sweep('tasks', file('spec.json', JSON.stringify(spec)));
    results = SweepResults.parse(JSON.parse(readFileSync(result.report.resultsFile, 'utf8')));
  }, 600_000);
  afterAll(() => stack?.stop());

  it('finishes every cell that there can be, and says why one cannot', () => {
    expect(result.failures).toEqual([]);
    const cells = results.settings.flatMap(({ task, cells: found }) => found.map(({ condition, status, reason }) => ({ cell: `${task}/${condition}`, status, reason })));
    expect(cells.filter(({ status }) => status !== 'done')).toEqual([{ cell: 'summhay/limited', status: 'missing', reason: 'SummHay Citation has no limited real data (paper, appendix C.1)' }]);
    expect(cells).toHaveLength(9);
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

  it('asks limited questions of triples only', () => {
    const limited = results.settings.find(({ task }) => task === 'musique')!.cells.find(({ condition }) => condition === 'limited')!;
    expect(limited.dataset!.samples.every(({ id }) => Number(id.split('__')[1]) % 2 === 0)).toBe(true);
    expect(limited.dataset!.dropped['question with a hop in words']).toBeGreaterThan(0);
  });
});
