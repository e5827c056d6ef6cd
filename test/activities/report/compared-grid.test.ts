import { describe, expect, test } from 'vitest';
import { PAPER_TABLES } from '#activities/paper/tables.ts';
import { gridOf, marksOf, numbersOf } from '#activities/report/compared-grid.ts';
import { analyseSweep } from '#activities/analysis/index.ts';
import type { ComparedCell, ComparedTable } from '#workflows/contracts/report.ts';
import { fixtureFiles, fixtureResults } from './fixture.ts';

const tables = fixtureResults().paper.tables;
const gridAt = (number: number) => gridOf(tables.find(({ table }) => table === number)!);
const cell = (changes: Partial<ComparedCell> = {}): ComparedCell => ({ group: null, row: 'row', column: 'column', paper: 0.5, ours: 0.25, seeds: 1, difference: -0.25, reason: null, note: null, digits: 2, from: [], ...changes });

describe('a grid', () => {
  test('has the rows and columns of the paper, in its order', () => {
    const { columns, bodies } = gridAt(5);
    const conditions = ['R,R', 'R,R (L1)', 'R,R (L2)', 'R,R (L3)', 'H,H', 'H,L', 'L,H', 'L,L', 'S,S'];
    expect(columns).toEqual([...conditions, '# Heads', 'F1']);
    expect(bodies.map((rows) => rows.map(({ name }) => name))).toEqual([conditions, ['Spearman R']]);
    const printed = bodies[0]!.map(({ cells }) => cells.map((each) => each!.paper));
    expect(printed[4]).toEqual([0.75, 0.75, 0.79, 0.86, 1, 0.74, 0.78, 0.83, 0.83, 139, 0.37]);
    expect(printed[8]).toEqual([0.64, 0.66, 0.69, 0.79, 0.69, 0.61, 0.7, 0.69, 1, 116, 0.48]);
  });

  test('of several tasks has a body for each', () => {
    const { columns, bodies } = gridAt(3);
    expect(columns).toEqual(['N', 'Compl.', 'Inter.', 'Rand.', 'Orig.', 'Δ']);
    expect(bodies.map(([first]) => first!.group)).toEqual(['MDQA', 'MuSiQue', 'SummHay']);
    expect(bodies[0]!.map(({ name }) => name)).toEqual(['Real, Real', 'Real, Real (Limited)', 'Low, High', 'Symbolic, Symbolic', 'Low, Low', 'High, Low', 'High, High']);
    // As in the paper, the real row has its F1 alone.
    expect(bodies[0]![0]!.cells.map((each) => each?.paper ?? null)).toEqual([null, null, null, null, 0.82, null]);
    expect(bodies[2]![1]!.name).toBe('Simplified, High');
  });

  test('of Table 1 has tasks as columns', () => {
    const { columns, bodies } = gridAt(1);
    expect(columns).toEqual(['MDQA', 'MuSiQue', 'SummHay']);
    expect(bodies[0]!.map(({ name }) => name)).toEqual(['High, High', 'High, Low', 'Low, High (Simplified)', 'Low, Low (Simplified)', 'Symbolic, Symbolic', 'Real Data (Full)', 'Real Data (Limited)', 'Non-FT']);
  });

  test('has every number of a table at its place, once', () => {
    for (const each of tables) {
      const { columns, bodies } = gridOf(each);
      const placed = bodies.flat().flatMap(({ group, name, cells }) => cells.flatMap((found, at) => (found === null ? [] : [[found.group === group && found.row === name && found.column === columns[at], found] as const])));
      expect(placed.every(([fits]) => fits)).toBe(true);
      expect(new Set(placed.map(([, found]) => found))).toEqual(new Set(each.cells));
    }
  });

  test('gives each reason a letter and each disagreement a figure, the same ones where the text is the same', () => {
    const cells = [cell({ column: 'a', ours: null, reason: 'not there' }), cell({ column: 'b', note: 'Table 2 has 0.6' }), cell({ column: 'c', ours: null, reason: 'failed' }), cell({ column: 'd', ours: null, reason: 'not there', note: 'other' })];
    const grid = gridOf({ cells });
    expect(cells.map((each) => marksOf(each, grid))).toEqual([{ reason: 'a', note: null }, { reason: null, note: '1' }, { reason: 'b', note: null }, { reason: 'a', note: '2' }]);
    const many = gridOf({ cells: Array.from({ length: 54 }, (_, at) => cell({ column: String(at), reason: `reason ${at}` })) });
    expect([...many.remarks.reasons.keys()].filter((_, at) => [0, 25, 26, 53].includes(at))).toEqual(['a', 'z', 'aa', 'bb']);
  });
});

test('numbers have the decimals that the paper prints; means over seeds of whole numbers have one', () => {
  expect(numbersOf(cell())).toEqual({ paper: '0.50', ours: '0.25', difference: '−0.25' });
  expect(numbersOf(cell({ digits: 3, paper: 0.012, ours: 0.0204, difference: 0.0084 }))).toEqual({ paper: '0.012', ours: '0.020', difference: '+0.008' });
  expect(numbersOf(cell({ digits: 0, paper: 157, ours: 150, difference: -7 }))).toEqual({ paper: '157', ours: '150', difference: '−7' });
  expect(numbersOf(cell({ digits: 0, paper: 157, ours: 150.5, difference: -6.5 }))).toEqual({ paper: '157', ours: '150.5', difference: '−6.5' });
  expect(numbersOf(cell({ ours: null, difference: null }))).toEqual({ paper: '0.50', ours: null, difference: null });
});

test('all kinds of tables that the paper has are laid out', () => {
  const { spec, ...rest } = fixtureFiles();
  const both = [spec, { ...spec, train: { ...spec.train, targetModules: 'all' as const } }].flatMap((each): ComparedTable[] => analyseSweep({ spec: each, ...rest }).paper.tables);
  const kinds = new Set(both.map(({ table }) => PAPER_TABLES[table - 1]!.kind));
  expect(kinds).toEqual(new Set(PAPER_TABLES.map(({ kind }) => kind)));
  for (const each of both) expect(gridOf(each).bodies.flat().length, `Table ${each.table}`).toBeGreaterThan(1);
});
