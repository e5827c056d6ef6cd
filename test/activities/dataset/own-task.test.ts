/** Adding a task and a condition: the example files of the README, each named in one place, and the path of a sweep with them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { scoreKind, scorePredictions } from '#activities/analysis/index.ts';
import { buildDataset, type DatasetCounts } from '#activities/dataset/index.ts';
import { ownDraft } from '#activities/dataset/own.ts';
import { nameOf, taskName } from '#activities/report/format.ts';
import { seededRandom } from '#activities/random/seeded.ts';
import { importInto } from '#activities/source/import-source.ts';
import type { DataKind, Task } from '#workflows/contracts/experiment.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { artifactKey } from '#workflows/plan/keys.ts';
import { planSweep } from '#workflows/plan/plan.ts';
import { OWN_TASKS } from '#workflows/tasks/index.ts';
import { defineTask } from '#workflows/tasks/own-task.ts';
import { ANY_FINGERPRINTS, problemsWith, smallSpec } from '../../support/spec.ts';
import { characterTokenizer, emptyFolder, readCard, readExamples, spanText } from './support.ts';

// What a person does by naming them in workflows/tasks/index.ts.
vi.mock('#workflows/tasks/index.ts', async () => {
  const [{ ledger }, { terse }] = [await import('../../../examples/tasks/ledger.ts'), await import('../../../examples/tasks/terse.ts')];
  return { OWN_TASKS: [ledger], OWN_CONDITIONS: [terse] };
});

/** Types know the paper's tasks and conditions by name. */
const LEDGER = 'ledger' as Task;
const TERSE = 'terse' as DataKind;

const rows = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => ({ id: `${prefix}-${n}`, entries: [0, 1, 2].map((at) => ({ account: `${prefix}${n}x${at}`, amount: 1000 * (n + 1) + at })), asked: n % 3 }));

async function spec(changes: Parameters<typeof smallSpec>[0] = {}, trainRows: object[] = rows('t', 24)) {
  const folder = await emptyFolder();
  const file = async (name: string, values: readonly object[]) => {
    await writeFile(join(folder, name), values.map((row) => `${JSON.stringify(row)}\n`).join(''));
    return join(folder, name);
  };
  const source = { kind: 'rows' as const, train: await file('train.jsonl', trainRows), test: await file('test.jsonl', rows('v', 6)) };
  return smallSpec({ tasks: [{ task: LEDGER, source, contextTokens: 700, examples: { total: 20, validationShare: 0.1, test: 5 } }], conditions: ['real', 'symbolic'], ...changes });
}

/** The files of a source stage, of the plan of a spec. */
async function imported(given: Awaited<ReturnType<typeof spec>>): Promise<string> {
  const { cells } = planSweep(parseSweepSpec(given), ANY_FINGERPRINTS);
  const { source } = given.tasks[0] as { source: { train: string; test: string } };
  const digest = async (path: string) => (await import('#infra/artifacts/files.ts')).digestFile(path).then(({ sha256 }) => sha256);
  const recipe = { ...cells[0]!.shared.source, params: { ...cells[0]!.shared.source.params, train: await digest(source.train), test: await digest(source.test) } };
  const outputDir = await emptyFolder();
  await importInto(outputDir, { baseFolder: '/' } as never, { recipe, locations: { [recipe.params.train]: source.train, [recipe.params.test]: source.test } }, { progress: () => {}, signal: new AbortController().signal });
  return outputDir;
}

async function built(sourceDir: string, task: Task, condition: DataKind, examples: DatasetCounts = { train: 18, validation: 2 }, contextTokens = 700) {
  const outputDir = await emptyFolder();
  await buildDataset({ task, condition, sourceDir, tokenizerFile: await characterTokenizer(await emptyFolder()), contextTokens, seed: 0, examples, outputDir });
  return { outputDir, read: (split: string) => readExamples(outputDir, split) };
}

describe('a task of one’s own', () => {
  it('is planned in the conditions that it has, and a new version of it makes its data anew', async () => {
    const given = await spec({ conditions: ['real', 'symbolic', 'high/high'] });
    const plan = planSweep(parseSweepSpec(given), ANY_FINGERPRINTS);
    expect(plan.cells.map(({ id }) => id)).toEqual(['ledger/tiny/real', 'ledger/tiny/symbolic']);
    expect(plan.skipped).toEqual({ 'ledger/tiny/high/high': 'Ledger has no condition "high/high" (it has real, symbolic)' });
    const keys = () => planSweep(parseSweepSpec(given), ANY_FINGERPRINTS).cells.map(({ stages: { dataset } }) => artifactKey(dataset));
    const before = keys();
    const [own] = OWN_TASKS as unknown as [{ version: number }];
    own.version = 2;
    expect(keys().every((key, at) => key !== before[at])).toBe(true);
    own.version = 1;
    expect(keys()).toEqual(before);
  });

  it('has its rows imported and checked, and becomes prompts with needles and answers where they stand', { timeout: 120_000 }, async () => {
    const sourceDir = await imported(await spec());
    for (const condition of ['real', 'symbolic'] as const) {
      const { read, outputDir } = await built(sourceDir, LEDGER, condition);
      const examples = [...(await read('train')), ...(await read('validation'))];
      expect(examples).toHaveLength(20);
      for (const example of examples) {
        const [needle] = example.needles.map((span) => spanText(example, span));
        expect(needle).toContain(example.answer);
        expect(example.answerSpans.map((span) => spanText(example, span))).toEqual([example.answer]);
        expect(example.prompt).toMatch(/Document 1: .*\nAnswer the question|Document 1: /s);
        // Filled to its length with remarks, or as long as its entries are.
        if (condition === 'real') expect(example.promptTokens).toBeGreaterThan(600);
        else expect(example.prompt).not.toContain('checked page');
      }
      expect(await readCard(outputDir)).toMatchObject({ task: 'ledger', condition, generator: 'own task ledger 1', dropped: {} });
    }
    const test = await (await built(sourceDir, LEDGER, 'real', { test: 5 })).read('test');
    expect(test.every(({ id }) => id.startsWith('v-'))).toBe(true);
  });

  it('has its F1, its kind of heads and its name in reports', () => {
    const examples = [{ id: 'a', task: LEDGER, answers: ['1,000'] }];
    expect(scorePredictions(examples, [{ id: 'a', text: 'It holds 1000', tokenIds: [1], stoppedBy: 'eos' }]).f1).toBeCloseTo(0.5, 12);
    expect(scoreKind(LEDGER)).toBe('retrieval');
    expect([taskName(LEDGER), taskName('mdqa')]).toEqual(['Ledger', 'MDQA']);
  });

  it('is refused with a source of another task, and rows that do not fit', { timeout: 120_000 }, async () => {
    const miniature = smallSpec().tasks[0]!;
    expect(problemsWith({ tasks: [{ ...miniature, task: LEDGER }] })[0]).toMatch(/tasks\[0\]\.task: found "ledger", allowed with source "miniature": mdqa, musique, summhay/);
    expect(problemsWith({ tasks: [{ ...miniature, source: { kind: 'rows', train: 'a', test: 'b' } }] })[0]).toMatch(/tasks\[0\]\.task: found "mdqa", allowed with source "rows": ledger/);
    await expect(imported(await spec({}, [...rows('t', 23), { id: 'bad', entries: [], asked: 0 }]))).rejects.toThrow(/train\.jsonl, row 24.*entries: found \[\], allowed: at least 2 elements/s);
    await expect(imported(await spec({}, [...rows('t', 23), rows('t', 1)[0]!]))).rejects.toThrow(/row 24: id: found "t-0" a second time/);
    await expect(imported(await spec({}, rows('t', 5)))).rejects.toThrow(/found 5 rows, needed: 20/);
    expect(() => defineTask({ task: 'My task', title: '', version: 1, row: z.object({ id: z.string() }), conditions: { real: () => ({ question: '', passages: [] }) }, f1: 'tokens', heads: 'retrieval' })).toThrow(/task: found "My task", allowed: a name of lower-case letters and digits/);
  });

  it('may cite documents: their numbers are drawn, and the answer names those that hold needles', () => {
    const example = { question: 'Mills were sold.', passages: [{ text: 'Rain fell.' }, { text: 'A mill was sold.', needles: ['A mill was sold.'] }, { text: 'So was another.', needles: ['So was another.'] }], others: ['Snow fell.'] };
    const draft = ownDraft(example, 'x', true, seededRandom('test'));
    const cited = draft.required.flatMap(({ needles, number }) => (needles ? [number as number] : [])).sort((a, b) => a - b);
    expect(draft).toMatchObject({ layout: 'numbered documents', answerIn: 'numbers', answer: cited.map((number) => `[${number}]`).join('') });
    expect(new Set(draft.required.map(({ number }) => number)).size).toBe(3);
    expect(() => ownDraft({ ...example, answer: '[1]' }, 'x', true, seededRandom('test'))).toThrow(/source row x: answer: found "\[1\]", allowed: none/);
    expect(() => ownDraft({ ...example, passages: [{ text: 'a', needles: ['b'] }] }, 'x', true, seededRandom('test'))).toThrow(/passages\[0\]\.needles: found "b", allowed: a text that stands once in the passage/);
    expect(() => ownDraft({ question: '?', passages: [{ text: 'a' }], answer: 'a' }, 'x', false, seededRandom('test'))).toThrow(/passages: found no needle/);
  });
});

describe('a condition of one’s own', () => {
  it('is made of the same questions as the others, for the tasks that it is made for', { timeout: 120_000 }, async () => {
    const given = smallSpec({ conditions: ['real', TERSE], tasks: [{ ...smallSpec().tasks[0]!, contextTokens: 1500 }, { ...smallSpec().tasks[0]!, task: 'musique' }] });
    const plan = planSweep(parseSweepSpec(given), ANY_FINGERPRINTS);
    expect(plan.cells.map(({ id }) => id)).toEqual(['mdqa/tiny/real', 'mdqa/tiny/terse', 'musique/tiny/real']);
    expect(plan.skipped).toEqual({ 'musique/tiny/terse': 'condition "terse" is made for mdqa, not for musique' });
    const sourceDir = await emptyFolder();
    await importInto(sourceDir, {} as never, { recipe: plan.cells[0]!.shared.source, locations: {} }, { progress: () => {}, signal: new AbortController().signal });
    const [terse, real] = [await built(sourceDir, 'mdqa', TERSE, { train: 18, validation: 2 }, 1500), await built(sourceDir, 'mdqa', 'real', { train: 18, validation: 2 }, 1500)];
    const [found, others] = [await terse.read('train'), await real.read('train')];
    expect(found.map(({ id, question }) => [id, question])).toEqual(others.map(({ id, question }) => [id, question]));
    for (const example of found) {
      expect(example.condition).toBe('terse');
      expect(example.needles.map((span) => spanText(example, span))[0]).toMatch(new RegExp(`: ${example.answer}$`));
    }
    expect((await readCard(terse.outputDir)).generator).toBe('own condition terse 1');
    expect(nameOf(TERSE)).toBe('Terse');
  });
});
