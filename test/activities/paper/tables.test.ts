import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { PAPER_TABLES } from '#activities/paper/tables.ts';

const SHARED = fileURLToPath(new URL('../../../../shared/paper/tables.json', import.meta.url));
const sorted = (values: number[]) => values.sort((a, b) => a - b);

test.skipIf(!existsSync(SHARED))('every number of the paper’s tables is there, as often as the paper has it', () => {
  const { tables } = JSON.parse(readFileSync(SHARED, 'utf8')) as { tables: { table: number; raw_rows: string[][]; reported_spearman?: number; n_numbers: number }[] };
  expect(PAPER_TABLES.map(({ table }) => table)).toEqual(tables.map(({ table }) => table));
  for (const [at, { table, raw_rows, reported_spearman, n_numbers }] of tables.entries()) {
    const { cells, reportedSpearman } = PAPER_TABLES[at] as (typeof PAPER_TABLES)[number];
    const printed = raw_rows.flat().map((text) => text.replace('−', '-').trim()).filter((text) => /^-?\d*\.?\d+$/.test(text)).map(Number);
    expect(cells, `Table ${table}`).toHaveLength(n_numbers);
    expect(sorted(cells.map(({ value }) => value)), `Table ${table}`).toEqual(sorted(printed));
    expect(reportedSpearman, `Table ${table}`).toBe(reported_spearman);
  }
});

test('no two cells of a table are the same cell', () => {
  for (const { table, cells } of PAPER_TABLES) {
    const names = cells.map(({ value: _, note: __, ...cell }) => JSON.stringify(cell));
    expect(names.filter((name, at) => names.indexOf(name) !== at), `Table ${table}`).toEqual([]);
  }
});

test('where two tables give another F1 for the same model, both cells say so', () => {
  const all = PAPER_TABLES.flatMap(({ table, modules, cells }) => cells.flatMap((cell) => (cell.measure === 'f1' ? [{ ...cell, table, modules }] : [])));
  const clash = all.filter((cell) => all.some((other) => other.modules === cell.modules && other.model === cell.model && other.task === cell.task && other.condition === cell.condition && other.value !== cell.value));
  expect(clash.length).toBeGreaterThan(0);
  expect(clash.filter(({ note }) => note === undefined)).toEqual([]);
  expect(all.filter((cell) => cell.note !== undefined && !clash.includes(cell))).toEqual([]);
});

test('where the original F1 of a patched model is another than its F1 elsewhere, its cell says so', () => {
  const all = PAPER_TABLES.flatMap(({ table, modules, cells }) => cells.map((cell) => ({ ...cell, table, modules })));
  const clash = all.flatMap((cell) => (cell.measure !== 'original' ? [] : all.flatMap((other) => (other.measure === 'f1' && other.modules === cell.modules && other.model === cell.model && other.task === cell.task && other.condition === cell.condition && other.value !== cell.value ? [{ note: cell.note ?? '', says: `Table ${other.table} has ${other.value.toFixed(2)}` }] : []))));
  expect(clash.length).toBe(14);
  expect(clash.filter(({ note, says }) => !note.includes(says))).toEqual([]);
});
