import { describe, expect, test } from 'vitest';
import { compareWithPaper, correlations } from '#activities/analysis/index.ts';
import { PAPER_TABLES } from '#activities/paper/tables.ts';
import { fixtureResults } from '../report/fixture.ts';

const results = fixtureResults();
const cellsOf = (number: number) => results.paper.tables.find(({ table }) => table === number)?.cells ?? [];
const setting = results.settings[0] as (typeof results.settings)[number];

describe('the paper’s tables beside a sweep', () => {
  test('have the sweep’s own F1, heads and recall, and the difference', () => {
    const real = setting.cells.find(({ condition }) => condition === 'real');
    const high = setting.cells.find(({ condition }) => condition === 'high/high');
    const cell = (row: string, column: string) => cellsOf(5).find((each) => each.row === row && each.column === column);
    expect(cell('R,R', 'F1')).toMatchObject({ paper: 0.82, ours: real?.evaluation?.f1.mean, difference: (real?.evaluation?.f1.mean as number) - 0.82, seeds: 1, reason: null, note: 'Table 1 has 0.83' });
    expect(cell('R,R', '# Heads')?.ours).toBe(real?.heads?.positive);
    expect(cell('H,H', 'R,R')?.ours).toBe(high?.heads?.recall);
    expect(cell('R,R', 'R,R')?.ours).toBe(1);
  });

  test('say why a cell is not there', () => {
    expect(cellsOf(5).find(({ row }) => row === 'R,R (L2)')).toMatchObject({ ours: null, difference: null, reason: 'the sweep has no R,R (L2)' });
    expect(cellsOf(1).find(({ row, column }) => row === 'High, High' && column === 'MuSiQue')).toMatchObject({ ours: null, reason: 'the sweep has no MuSiQue' });
    for (const { cells } of results.paper.tables) for (const { ours, reason } of cells) expect(ours === null).toBe(reason !== null);
  });

  test('are means over seeds', () => {
    const other = structuredClone(setting);
    for (const cell of other.cells) if (cell.evaluation) cell.evaluation.f1.mean += 0.1;
    const both = compareWithPaper(results.spec, [{ ...setting, seed: 1 }, { ...other, seed: 2 }]);
    const [of, one] = [both.find(({ table }) => table === 5)?.cells, cellsOf(5)].map((cells) => cells?.find(({ row, column }) => row === 'R,R' && column === 'F1'));
    expect(of?.seeds).toBe(2);
    expect(of?.ours).toBeCloseTo((one?.ours as number) + 0.05, 12);
  });

  test('hold attention-only sweeps against attention-only tables', () => {
    const modules = new Set(results.paper.tables.map(({ table }) => PAPER_TABLES[table - 1]?.modules));
    expect([...modules]).toEqual([results.spec.train.targetModules]);
  });

  test('name each number of a table by group, row and column alone', () => {
    for (const { table, model, cells } of results.paper.tables) {
      const names = cells.map(({ group, row, column }) => JSON.stringify([group, row, column]));
      expect(names.filter((name, at) => names.indexOf(name) !== at), `Table ${table}, ${model}`).toEqual([]);
    }
  });

  test('of recall have the correlation of the caption, with the note of Table 4', () => {
    const [low, again] = [cellsOf(5).at(-1), cellsOf(4).find(({ row }) => row === 'MDQA')];
    expect(low).toMatchObject({ row: 'Spearman R', column: 'F1', paper: 0.22 });
    expect([low?.ours, low?.note]).toEqual([again?.ours, again?.note]);
  });
});

test('a correlation says which rows enter, and how many there are', () => {
  const [all, without] = correlations(results.settings);
  expect([all?.rows, without?.rows]).toEqual(['all', 'withoutReal']);
  expect((all?.recall.n as number) - (without?.recall.n as number)).toBe(1);
});
