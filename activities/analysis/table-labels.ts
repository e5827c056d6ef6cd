/** Where each number of the paper stands in its table: headings of rows and columns as printed there. */
import type { PaperCell, PaperTable } from '#activities/paper/tables.ts';
import { type Baseline, Condition, type Task } from '#workflows/contracts/experiment.ts';
import type { ComparedCell } from '#workflows/contracts/report.ts';
import { isSynthetic } from './conditions.ts';

/** Names in the recall tables (5–10, 14–16). */
const LETTERS: Readonly<Record<Condition | Baseline, string>> = {
  real: 'R,R',
  limited: 'R,R (L)',
  'limited-L1': 'R,R (L1)',
  'limited-L2': 'R,R (L2)',
  'limited-L3': 'R,R (L3)',
  'high/high': 'H,H',
  'high/low': 'H,L',
  'low/high': 'L,H',
  'low/low': 'L,L',
  symbolic: 'S,S',
  untuned: 'Non-FT',
  'untuned-scaled': 'Non-FT, theta scaled',
};
/** Names in the other tables, "concept expression, context diversity"; Table 1 calls what is real "Real Data (Full)" and "(Limited)". */
const WORDS: Readonly<Record<Condition | Baseline, string>> = {
  real: 'Real, Real',
  limited: 'Real, Real (Limited)',
  'limited-L1': 'Real, Real (Who, When, Where)',
  'limited-L2': 'Real, Real (When, Where)',
  'limited-L3': 'Real, Real (Who)',
  'high/high': 'High, High',
  'high/low': 'High, Low',
  'low/high': 'Low, High',
  'low/low': 'Low, Low',
  symbolic: 'Symbolic, Symbolic',
  untuned: 'Non-FT',
  'untuned-scaled': 'Non-FT, theta scaled',
};
const TASKS: Readonly<Record<Task, string>> = { mdqa: 'MDQA', musique: 'MuSiQue', summhay: 'SummHay' };
const MEASURES = { f1: 'F1', heads: '# Heads', n: 'N', complement: 'Compl.', intersection: 'Inter.', random: 'Rand.', original: 'Orig.', delta: 'Δ', meanIntersection: 'Inter.', meanComplement: 'Compl.', spearman: 'Spearman R' } as const;
/** Columns in the order of the paper, where a table's first row does not have them all. */
const ORDER: readonly string[] = ['N', 'Compl.', 'Inter.', 'Rand.', 'Orig.', 'Δ'];

/** As a table calls a task. */
export const taskLabel = (task: Task): string => TASKS[task];
/** As the recall tables call a condition or baseline. */
export const conditionLabel = (condition: Condition | Baseline): string => LETTERS[condition];

/** Of a recall table's first column with its F1s: a row below the table here, part of its caption in the paper. */
export const SPEARMAN_ROW = MEASURES.spearman;

/** Rows of Tables 1 and 13 that are of synthetic data. */
export const SYNTHETIC_ROWS: ReadonlySet<string> = new Set(Condition.options.filter(isSynthetic).map(tableOneRow));
/** Columns of Tables 3, 11 and 18 with an F1 of patched heads. */
export const PATCHED_COLUMNS: ReadonlySet<string> = new Set([MEASURES.complement, MEASURES.intersection, MEASURES.random]);

/** Headings of one number; `digits` are the decimals that the paper prints. */
export function labels({ kind }: Pick<PaperTable, 'kind'>, cell: PaperCell): Pick<ComparedCell, 'group' | 'row' | 'column' | 'digits'> {
  const digits = cell.measure === 'heads' || cell.measure === 'n' ? 0 : kind === 'mean_scores' ? 3 : 2;
  const task = TASKS[cell.task];
  switch (cell.measure) {
    case 'spearman':
      return kind === 'spearman' ? { group: null, row: task, column: SPEARMAN_ROW, digits } : { group: null, row: SPEARMAN_ROW, column: MEASURES.f1, digits };
    case 'cosine':
      return { group: null, row: scored(cell.task, cell.score), column: scored(cell.againstTask, cell.againstScore), digits };
    case 'recall':
      return { group: null, row: LETTERS[cell.condition], column: LETTERS[cell.against], digits };
    case 'heads':
      return { group: null, row: LETTERS[cell.condition], column: MEASURES.heads, digits };
    case 'f1':
      return kind === 'pairwise_recall' ? { group: null, row: LETTERS[cell.condition], column: MEASURES.f1, digits } : { group: null, row: tableOneRow(cell.condition), column: task, digits };
    default:
      return { group: task, row: words(cell.task, cell.condition), column: MEASURES[cell.measure], digits };
  }
}

/** Columns of a table, from left to right as printed. */
export function columnsOf(cells: readonly Pick<ComparedCell, 'column'>[]): string[] {
  const columns = [...new Set(cells.map(({ column }) => column))];
  return columns.includes('Δ') ? columns.sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b)) : columns;
}

const scored = (task: Task, score: 'retrieval' | 'insight') => (task === 'summhay' ? `${TASKS[task]} ${score === 'insight' ? 'Insight' : 'Retrieval'}` : TASKS[task]);

/** SummHay's low expression is "Simplified". */
const words = (task: Task, condition: Condition | Baseline) => (task === 'summhay' ? WORDS[condition].replace(/^Low,/, 'Simplified,') : WORDS[condition]);

/** One row for all tasks, whatever SummHay's part of it is called. */
function tableOneRow(condition: Condition | Baseline): string {
  if (condition === 'real') return 'Real Data (Full)';
  if (condition === 'limited') return 'Real Data (Limited)';
  return condition.startsWith('low/') ? `${WORDS[condition]} (Simplified)` : WORDS[condition];
}
