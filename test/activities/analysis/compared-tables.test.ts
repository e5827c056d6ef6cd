import { describe, expect, test } from 'vitest';
import { compareWithPaper, correlations } from '#activities/analysis/index.ts';
import { PAPER_TABLES } from '#activities/paper/tables.ts';
import { tableFiles } from '#activities/report/table-files.ts';
import { fixtureResults } from '../report/fixture.ts';

const results = fixtureResults();
const cellsOf = (number: number) => results.paper.tables.find(({ table }) => table === number)?.cells ?? [];
const setting = results.settings[0] as (typeof results.settings)[number];

describe('the paper’s tables beside a sweep', () => {
  test('have the sweep’s own F1, heads and recall, and the difference', () => {
    const real = setting.cells.find(({ condition }) => condition === 'real');
    const high = setting.cells.find(({ condition }) => condition === 'high/high');
    const cell = (row: string, column: string) => cellsOf(5).find((each) => each.row === row && each.column === column);
    expect(cell('MDQA R,R', 'F1')).toMatchObject({ paper: 0.82, ours: real?.evaluation?.f1.mean, difference: (real?.evaluation?.f1.mean as number) - 0.82, seeds: 1, reason: null, note: 'Table 1 has 0.83' });
    expect(cell('MDQA R,R', '# Heads')?.ours).toBe(real?.heads?.positive);
    expect(cell('MDQA H,H', 'R,R')?.ours).toBe(high?.heads?.recall);
    expect(cell('MDQA R,R', 'R,R')?.ours).toBe(1);
  });

  test('say why a cell is not there', () => {
    expect(cellsOf(5).find(({ row }) => row === 'MDQA R,R (L2)')).toMatchObject({ ours: null, difference: null, reason: 'the sweep has no R,R (L2)' });
    expect(cellsOf(1).find(({ row }) => row === 'MuSiQue H,H')).toMatchObject({ ours: null, reason: 'the sweep has no MuSiQue' });
    for (const { cells } of results.paper.tables) for (const { ours, reason } of cells) expect(ours === null).toBe(reason !== null);
  });

  test('are means over seeds', () => {
    const other = structuredClone(setting);
    for (const cell of other.cells) if (cell.evaluation) cell.evaluation.f1.mean += 0.1;
    const both = compareWithPaper(results.spec, [{ ...setting, seed: 1 }, { ...other, seed: 2 }]);
    const [of, one] = [both.find(({ table }) => table === 5)?.cells, cellsOf(5)].map((cells) => cells?.find(({ row, column }) => row === 'MDQA R,R' && column === 'F1'));
    expect(of?.seeds).toBe(2);
    expect(of?.ours).toBeCloseTo((one?.ours as number) + 0.05, 12);
  });

  test('hold attention-only sweeps against attention-only tables', () => {
    const modules = new Set(results.paper.tables.map(({ table }) => PAPER_TABLES[table - 1]?.modules));
    expect([...modules]).toEqual([results.spec.train.targetModules]);
  });
});

test('a correlation says which rows enter, and how many there are', () => {
  const [all, without] = correlations(results.settings);
  expect([all?.rows, without?.rows]).toEqual(['all', 'withoutReal']);
  expect((all?.recall.n as number) - (without?.recall.n as number)).toBe(1);
});

test('CSV and LaTeX of a table with hostile names neither break nor run', () => {
  const [table] = results.paper.tables;
  const files = new Map(tableFiles({ ...results.paper, tables: [{ ...(table as NonNullable<typeof table>), model: '=1+"x",\n\\input{/etc}%_' }] }));
  expect(files.get('table-01.csv')).toContain(`"'=1+""x"",\n\\input{/etc}%_",`);
  expect(files.get('table-01.tex')).toContain('=1+"x", \\textbackslash{}input\\{/etc\\}\\%\\_');
});
