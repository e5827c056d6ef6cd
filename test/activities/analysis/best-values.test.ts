import { describe, expect, test } from 'vitest';
import { bestValues, boldRule, compareWithPaper } from '#activities/analysis/index.ts';
import { PAPER_TABLES } from '#activities/paper/tables.ts';
import type { ComparedCell } from '#workflows/contracts/report.ts';
import { fixtureResults } from '../report/fixture.ts';

const cell = (row: string, column: string, paper: number, ours: number | null, group: string | null = null): ComparedCell => ({ group, row, column, paper, ours, seeds: 1, difference: null, reason: ours === null ? 'not there' : null, note: null, digits: 2, from: [] });
const names = (cells: ReadonlySet<ComparedCell>) => [...cells].map(({ group, row, column }) => [...(group === null ? [] : [group]), row, column].join(' | '));

describe('bold numbers', () => {
  test('of Table 1 are the best synthetic data of each task, real and untuned models aside', () => {
    const cells = [
      cell('High, High', 'MDQA', 0.31, 0.204),
      cell('High, Low', 'MDQA', 0.41, 0.2),
      cell('Low, High (Simplified)', 'MDQA', 0.49, null),
      cell('Symbolic, Symbolic', 'MDQA', 0.48, 0.15),
      cell('Real Data (Full)', 'MDQA', 0.83, 0.9),
      cell('Real Data (Limited)', 'MDQA', 0.8, 0.8),
      cell('Non-FT', 'MDQA', 0.45, 0.7),
      // Alone: best of nothing.
      cell('High, High', 'MuSiQue', 0.37, 0.3),
      cell('High, Low', 'MuSiQue', 0.41, null),
    ];
    const best = bestValues({ table: 1, cells });
    expect(names(best.paper)).toEqual(['Low, High (Simplified) | MDQA', 'High, Low | MuSiQue']);
    // 0.204 and 0.2 both print as 0.20.
    expect(names(best.ours)).toEqual(['High, High | MDQA', 'High, Low | MDQA']);
    expect(boldRule({ table: 1 })).toBe('the best synthetic training data of each task');
  });

  test('of Table 3 are the best patched F1 of each row, the original aside', () => {
    const row = (name: string, group: string, paper: number[], ours: (number | null)[]) => ['N', 'Compl.', 'Inter.', 'Rand.', 'Orig.', 'Δ'].map((column, at) => cell(name, column, paper[at]!, ours[at]!, group));
    const cells = [
      ...row('High, Low', 'MDQA', [74, 0.63, 0.51, 0.7, 0.41, 0.29], [3, 0.1, 0.3, 0.2, 0.9, -0.6]),
      ...row('Real, Real (Limited)', 'MuSiQue', [53, 0.34, 0.34, 0.31, 0.32, 0.02], [3, null, 0.2, null, 0.1, 0.1]),
      ...row('High, Low', 'SummHay', [21, 0.57, 0.68, 0.67, 0.61, 0.07], [2, 0.5, null, 0.4, 0.6, -0.1]),
    ];
    const best = bestValues({ table: 3, cells });
    expect(names(best.paper)).toEqual(['MDQA | High, Low | Rand.', 'MuSiQue | Real, Real (Limited) | Compl.', 'MuSiQue | Real, Real (Limited) | Inter.', 'SummHay | High, Low | Inter.']);
    expect(names(best.ours)).toEqual(['MDQA | High, Low | Inter.', 'SummHay | High, Low | Compl.']);
  });

  test('are in no other table', () => {
    const bold = PAPER_TABLES.filter((table) => boldRule(table) !== null).map(({ table }) => table);
    expect(bold).toEqual([1, 3, 11, 13, 18]);
    const cells = [cell('R,R', 'F1', 0.8, 0.7), cell('H,H', 'F1', 0.3, 0.9)];
    expect(bestValues({ table: 5, cells })).toEqual({ paper: new Set(), ours: new Set() });
  });

  test('of the paper’s own Tables 1 and 13 are those that its text names: 0.49, 0.41 and 0.79; and two that print alike', () => {
    const { spec, settings } = fixtureResults();
    const printed = (table: number, targetModules: 'attention' | 'all', model = 'tiny-llama') => {
      const of = compareWithPaper({ ...spec, train: { ...spec.train, targetModules } }, settings.map((setting) => ({ ...setting, model }))).find((each) => each.table === table)!;
      return [...bestValues(of).paper].map(({ column, paper }) => `${column} ${paper}`).sort();
    };
    expect(printed(1, 'attention')).toEqual(['MDQA 0.49', 'MuSiQue 0.41', 'SummHay 0.79']);
    expect(printed(1, 'attention', 'mistral')).toEqual(['MDQA 0.31', 'MuSiQue 0.23', 'SummHay 0.38']);
    expect(printed(13, 'all')).toEqual(['MDQA 0.49', 'MuSiQue 0.42', 'SummHay 0.83', 'SummHay 0.83']);
  });
});
