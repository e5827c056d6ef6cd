/** The compared tables as files: CSV for programs, LaTeX (booktabs, longtable) to paste. One of each per table. */
import type { ComparedTable, SweepResults } from '#workflows/contracts/report.ts';
import { visible } from './escape.ts';
import { score } from './format.ts';

const HEAD = ['model', 'variant', 'row', 'column', 'paper', 'ours', 'difference', 'seeds', 'reason', 'note'];

/** Names and contents: `table-05.csv`, `table-05.tex`, …; the same tables give the same bytes. */
export function tableFiles({ citation, tables }: SweepResults['paper']): [string, string][] {
  return [...new Set(tables.map(({ table }) => table))].flatMap((number): [string, string][] => {
    const parts = tables.filter(({ table }) => table === number);
    const name = `table-${String(number).padStart(2, '0')}`;
    return [
      [`${name}.csv`, csv(parts)],
      [`${name}.tex`, latex(parts, citation)],
    ];
  });
}

function csv(parts: readonly ComparedTable[]): string {
  const lines = parts.flatMap(({ model, variant, cells }) =>
    cells.map(({ row, column, paper, ours, seeds, difference, reason, note }) => [model, variant ?? '', row, column, paper, ours ?? '', difference ?? '', seeds, reason ?? '', note ?? '']),
  );
  return `${[HEAD, ...lines].map((line) => line.map(field).join(',')).join('\r\n')}\r\n`;
}

/** RFC 4180, and no text that a spreadsheet would take for a formula. */
function field(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = visible(value).replace(/^[=+\-@\t]/, "'$&");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function latex(parts: readonly ComparedTable[], citation: string): string {
  const tables = parts.map(({ table, caption, model, variant, cells }) => {
    const lines = cells.map(({ row, column, paper, ours, difference, reason }) =>
      [tex(row), tex(column), tex(String(paper)), ours === null ? `-- (${tex(reason ?? '')})` : tex(score(ours)), difference === null ? '--' : tex(score(difference))].join(' & '),
    );
    return `\\begin{longtable}{llrrr}
\\caption{Table ${table} of the paper beside ${tex([model, ...(variant === undefined ? [] : [variant])].join(', '))}. ${tex(caption)}}\\\\
\\toprule
Row & Column & Paper & Ours & Difference \\\\
\\midrule
\\endhead
${lines.map((line) => `${line} \\\\`).join('\n')}
\\bottomrule
\\end{longtable}
`;
  });
  return `% Paper: ${tex(citation).replaceAll('\n', ' ')}\n${tables.join('\n')}`;
}

const TEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '−': '$-$',
  Δ: '$\\Delta$',
  '\n': ' ',
};

/** Text that LaTeX shows and never runs. */
const tex = (text: string): string => visible(text).replace(/[\\{}$&#%_^~−Δ\n]/g, (character) => TEX[character] as string);
