/** Each measure of the paper's tables, worked out by hand from two layers of three heads and four questions. */
import { describe, expect, test } from 'vitest';
import { analyseSweep, type CellFiles, type SettingFiles } from '#activities/analysis/index.ts';
import type { Condition, Task } from '#workflows/contracts/experiment.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import type { ComparedCell } from '#workflows/contracts/report.ts';
import type { Patching } from '#workflows/contracts/results.ts';
import { smallSpec } from '../../support/spec.ts';

type Matrix = number[][];
const NONE: Matrix = [[0, 0, 0], [0, 0, 0]];

function cell(condition: Condition, f1: number[], retrieval: Matrix, rest: { insight?: Matrix; patching?: Patching } = {}): CellFiles {
  const perExample = f1.map((value, at) => ({ id: `q${at}`, f1: value, exactMatch: Number(value === 1) }));
  const mean = f1.reduce((sum, value) => sum + value, 0) / f1.length;
  return {
    condition,
    status: 'done',
    reason: null,
    stages: [],
    evaluate: { metrics: { examples: f1.length, f1: mean, exactMatch: 0, perExample }, predictions: perExample.map(({ id }) => ({ id, text: '', tokenIds: [], stoppedBy: 'eos' })) },
    scores: { layers: 2, heads: 3, examples: 4, retrieval, insight: rest.insight ?? NONE, f1: null },
    ...(rest.patching && { patching: rest.patching }),
  };
}

const patching: Patching = {
  examples: 4,
  unpatchedF1: 0.375,
  n: 1,
  candidates: { complement: 1, intersection: 2 },
  sets: [
    { id: 'complement', kind: 'complement', draw: null, heads: [[0, 2]], f1: 0.25 },
    { id: 'intersection', kind: 'intersection', draw: null, heads: [[0, 0]], f1: 0.625 },
    { id: 'random-draw-0', kind: 'random', draw: 0, heads: [[1, 0]], f1: 0.125 },
    { id: 'random-draw-1', kind: 'random', draw: 1, heads: [[1, 2]], f1: 0.375 },
  ],
  skipped: [],
};

const setting = (task: Task, cells: CellFiles[]): SettingFiles => ({ task, model: 'tiny', test: { stages: [] }, baselines: [{ baseline: 'untuned', status: 'done', reason: null, stages: [], evaluate: cell('real', [0.5, 0, 0, 0], NONE).evaluate! }], cells });

// H_real = {(0,0), (0,2), (1,1)}; of it symbolic shares (0,0) and (1,1), limited (0,0) and (0,2), and high/high (1,1) alone.
const mdqa = setting('mdqa', [
  cell('real', [1, 1, 0, 0], [[0.4, 0, 0.2], [0, 0.1, 0]]),
  cell('limited', [1, 0, 0, 0], [[0.1, 0, 0.1], [0, 0, 0]]),
  cell('high/high', [1, 1, 1, 0], [[0, 0.3, 0], [0, 0.3, 0]]),
  cell('symbolic', [1, 0, 0.5, 0], [[0.1, 0.3, 0], [0, 0.2, 0.3]], { patching }),
]);
const musique = setting('musique', [cell('real', [1, 0, 0, 0], [[0.3, 0, 0], [0, 0.4, 0]])]);
const summhay = setting('summhay', [
  cell('real', [1, 0, 0, 0], [[0, 0, 0.5], [0, 0, 0]], { insight: [[0, 0, 0.3], [0.4, 0, 0]] }),
  cell('symbolic', [1, 0, 0, 0], [[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]], { insight: [[0.1, 0, 0], [0.2, 0, 0]] }),
]);

const [small] = smallSpec().tasks;
const spec = parseSweepSpec({ ...smallSpec({ tasks: (['mdqa', 'musique', 'summhay'] as const).map((task) => ({ ...small!, task })), conditions: ['real', 'limited', 'high/high', 'symbolic'], patch: {} }) });
const tables = analyseSweep({ spec, sources: [], bases: [], settings: [mdqa, musique, summhay], versions: {} }).paper.tables;

const at = (number: number, group: string | null, row: string, column: string): ComparedCell => {
  const found = tables.find(({ table }) => table === number)?.cells.filter((each) => each.group === group && each.row === row && each.column === column) ?? [];
  expect(found, `${number}: ${group}, ${row}, ${column}`).toHaveLength(1);
  return found[0]!;
};

describe('ours, by measure', () => {
  test('f1: the mean over questions, of tuned and untuned models', () => {
    expect(at(1, null, 'Symbolic, Symbolic', 'MDQA').ours).toBe(0.375);
    expect(at(5, null, 'S,S', 'F1').ours).toBe(0.375);
    expect(at(1, null, 'Non-FT', 'MDQA').ours).toBe(0.125);
  });

  test('heads: those with a positive score', () => {
    expect(at(5, null, 'S,S', '# Heads').ours).toBe(4);
    expect(at(5, null, 'R,R', '# Heads').ours).toBe(3);
  });

  test('heads of SummHay Citation: by insight score', () => {
    expect(at(7, null, 'S,S', '# Heads').ours).toBe(2);
  });

  test('recall: shared heads by those of the column', () => {
    expect(at(5, null, 'S,S', 'R,R').ours).toBeCloseTo(2 / 3, 12);
    expect(at(5, null, 'R,R', 'S,S').ours).toBe(2 / 4);
    expect(at(5, null, 'H,H', 'S,S').ours).toBe(2 / 4);
    expect(at(5, null, 'S,S', 'H,H').ours).toBe(1);
    // Insight: {(0,2), (1,0)} on real data, {(0,0), (1,0)} on symbolic data.
    expect(at(7, null, 'S,S', 'R,R').ours).toBe(1 / 2);
  });

  test('meanIntersection: the real model’s scores, (0.4 + 0.1) / 2; the symbolic model’s own would give (0.1 + 0.2) / 2', () => {
    expect(at(12, 'MDQA', 'Symbolic, Symbolic', 'Inter.').ours).toBeCloseTo(0.25, 12);
    expect(at(12, 'SummHay', 'Symbolic, Symbolic', 'Inter.').ours).toBeCloseTo(0.4, 12);
  });

  test('meanComplement: the real model’s scores of the heads that it alone has, 0.2', () => {
    expect(at(12, 'MDQA', 'Symbolic, Symbolic', 'Compl.').ours).toBeCloseTo(0.2, 12);
    expect(at(12, 'SummHay', 'Symbolic, Symbolic', 'Compl.').ours).toBeCloseTo(0.3, 12);
    expect(at(12, 'MDQA', 'High, High', 'Compl.').ours).toBeCloseTo((0.4 + 0.2) / 2, 12);
  });

  test('n: heads patched', () => expect(at(3, 'MDQA', 'Symbolic, Symbolic', 'N').ours).toBe(1));
  test('complement: F1 with the complement patched', () => expect(at(3, 'MDQA', 'Symbolic, Symbolic', 'Compl.').ours).toBe(0.25));
  test('intersection: F1 with the intersection patched', () => expect(at(3, 'MDQA', 'Symbolic, Symbolic', 'Inter.').ours).toBe(0.625));
  test('random: mean F1 of the draws, (0.125 + 0.375) / 2', () => expect(at(3, 'MDQA', 'Symbolic, Symbolic', 'Rand.').ours).toBe(0.25));
  test('delta: best of the three less the original, 0.625 − 0.375', () => expect(at(3, 'MDQA', 'Symbolic, Symbolic', 'Δ').ours).toBe(0.25));

  test('original: F1 with nothing patched; of the real model its F1', () => {
    expect(at(3, 'MDQA', 'Symbolic, Symbolic', 'Orig.').ours).toBe(0.375);
    expect(at(3, 'MDQA', 'Real, Real', 'Orig.').ours).toBe(0.5);
  });

  test('cosine: of the real models’ scores across tasks', () => {
    // (0.4·0.3 + 0.1·0.4) / (√(0.16 + 0.04 + 0.01) · √(0.09 + 0.16)) = 0.16 / (√0.21 · 0.5)
    expect(at(2, null, 'MDQA', 'MuSiQue').ours).toBeCloseTo(0.32 / Math.sqrt(0.21), 12);
    // (0.2·0.5) / (√0.21 · 0.5)
    expect(at(2, null, 'MDQA', 'SummHay Retrieval').ours).toBeCloseTo(0.2 / Math.sqrt(0.21), 12);
    // (0.5·0.3) / (0.5 · 0.5)
    expect(at(2, null, 'SummHay Retrieval', 'SummHay Insight').ours).toBeCloseTo(0.6, 12);
    expect(at(2, null, 'MuSiQue', 'SummHay Insight').ours).toBe(0);
  });

  test('spearman: of the first column with F1, ties by average ranks', () => {
    // Recall 1, 2/3, 1/3, 2/3 has ranks 4, 2.5, 1, 2.5; F1 0.5, 0.25, 0.75, 0.375 has 3, 1, 4, 2. Deviations from the mean rank
    // (1.5, 0, −1.5, 0) and (0.5, −1.5, 1.5, −0.5): −1.5 / √(4.5 · 5) = −1 / √10.
    expect(at(4, null, 'MDQA', 'Spearman R').ours).toBeCloseTo(-1 / Math.sqrt(10), 12);
    expect(at(5, null, 'Spearman R', 'F1')).toMatchObject({ paper: 0.22, ours: at(4, null, 'MDQA', 'Spearman R').ours });
    expect(at(4, null, 'MuSiQue', 'Spearman R')).toMatchObject({ ours: null, reason: 'recall or F1 does not vary over the cells' });
  });
});

test('MDQA’s limited real data is the subset that the spec names, and L1 in the paper', () => {
  expect(at(5, null, 'R,R (L1)', '# Heads').ours).toBe(2);
  expect(at(1, null, 'Real Data (Limited)', 'MDQA').ours).toBe(0.25);
  const other = structuredClone(spec);
  other.tasks[0]!.limited = 'L3';
  const inOther = analyseSweep({ spec: other, sources: [], bases: [], settings: [mdqa, musique, summhay], versions: {} }).paper.tables;
  const row = (number: number, name: string) => inOther.find(({ table }) => table === number)!.cells.find((each) => each.row === name)!;
  expect(row(5, 'R,R (L1)')).toMatchObject({ ours: null, reason: 'the sweep has no R,R (L1)' });
  expect(row(1, 'Real Data (Limited)')).toMatchObject({ ours: null });
  expect(row(5, 'R,R (L3)').ours).not.toBeNull();
});
