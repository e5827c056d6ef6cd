/** The compared tables as LaTeX to paste: each a grid as the paper prints it, with booktabs alone beside LaTeX itself. */
import { type BestValues, bestValues, boldRule } from '#activities/analysis/index.ts';
import type { ComparedCell, ComparedTable } from '#workflows/contracts/report.ts';
import { captionOf, type Grid, gridOf, type GridRow, marksOf, numbersOf, PAPER_MODELS, titleOf } from './compared-grid.ts';
import { visible } from './escape.ts';

/** Tables of several models or variants, one below the other. Every text is shown and none is run; compiles under pdfLaTeX, XeLaTeX and LuaLaTeX. */
export function latexTables(parts: readonly ComparedTable[], citation: string): string {
  return `% Needs \\usepackage{booktabs}.\n% Paper: ${tex(citation)}\n\n${parts.map(latexTable).join('\n')}`;
}

function latexTable(each: ComparedTable): string {
  const grid = gridOf(each);
  const [best, bold] = [bestValues(each), boldRule(each)];
  const grouped = grid.bodies.some((rows) => rows.some(({ group }) => group !== null));
  const width = grid.columns.length + 1;
  const bodies = grid.bodies.map((rows) => {
    const [first] = rows;
    const heading = grouped && first?.group ? `\\multicolumn{${width}}{l}{\\textit{${tex(first.group)}}} \\\\\n` : '';
    return heading + rows.map((row) => latexRow(row, grid, best)).join('\n');
  });
  // A recall table has eleven columns, that of the cosines wide headings.
  const size = width > 7 ? '\\scriptsize\\setlength{\\tabcolsep}{2.5pt}' : width > 4 ? '\\footnotesize\\setlength{\\tabcolsep}{4pt}' : '\\small';
  const remarks = remarksOf(each, grid);
  return `\\begin{table}
\\centering
\\caption{${tex(titleOf(each))}: this sweep, beneath it the paper's ${tex(PAPER_MODELS[each.paperModel])} and the difference. ${tex(captionOf(each))}${bold === null ? '' : ` Bold, as in the paper: ${tex(bold)}, of the paper's numbers and of ours.`}}
${size}
\\begin{tabular}{l${'r'.repeat(grid.columns.length)}}
\\toprule
${['', ...grid.columns.map(tex)].join(' & ')} \\\\
\\midrule
${bodies.join('\n\\midrule\n')}
\\bottomrule
\\end{tabular}
${remarks === '' ? '' : `\n\\smallskip\n\\parbox{\\linewidth}{\\footnotesize\\raggedright ${remarks}}\n`}\\end{table}
`;
}

function latexRow({ name, cells }: GridRow, grid: Grid, best: BestValues): string {
  return `${[tex(name), ...cells.map((cell) => (cell === null ? '' : latexCell(cell, grid, best)))].join(' & ')} \\\\[4pt]`;
}

/** Three lines, so that a column is no wider than its widest number. */
function latexCell(cell: ComparedCell, grid: Grid, best: BestValues): string {
  const { paper, ours, difference } = numbersOf(cell);
  const { reason, note } = marksOf(cell, grid);
  const raised = (mark: string | null) => (mark === null ? '' : `\\rlap{\\textsuperscript{${mark}}}`);
  const set = (text: string, isBest: boolean) => (isBest ? `\\textbf{${tex(text)}}` : tex(text));
  const lines = [ours === null ? `--${raised(reason)}` : set(ours, best.ours.has(cell)), `{\\tiny ${set(paper, best.paper.has(cell))}${raised(note)}}`, ...(difference === null ? [] : [`{\\tiny ${tex(difference)}}`])];
  return `\\begin{tabular}[t]{@{}r@{}}${lines.join('\\\\[-3pt]')}\\end{tabular}`;
}

function remarksOf({ notes }: ComparedTable, { remarks: { reasons, notes: disagreements } }: Grid): string {
  const marked = [...[...reasons].map(([mark, text]) => [mark, text]), ...[...disagreements].map(([mark, text]) => [mark, `The paper: ${text}`])].map(([mark, text]) => `\\textsuperscript{${mark}}~${tex(text as string)}.`);
  return [...marked, ...notes.map(tex)].join(' ');
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
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': '\\char34{}',
  '−': '$-$',
  '–': '--',
  '—': '---',
  '’': "'",
  '‘': '`',
  '“': '``',
  '”': "''",
  '…': '\\ldots{}',
  Δ: '$\\Delta$',
  '△': '$\\triangle$',
  '∩': '$\\cap$',
  '≥': '$\\geq$',
  '≤': '$\\leq$',
  '×': '$\\times$',
  '→': '$\\rightarrow$',
  '₁': '$_1$',
  '₂': '$_2$',
  '₃': '$_3$',
  '\t': ' ',
  '\n': ' ',
};
/** Letters that every engine sets in its standard fonts, by accent and letter. */
const ACCENTED = /^[A-Za-z][\u0300-\u0303\u0308\u030a\u0327]$/;

/** Text that LaTeX shows and never runs. What the standard fonts of pdfLaTeX do not have is shown by its number. */
function tex(text: string): string {
  return Array.from(visible(text), (character) => {
    const known = TEX[character];
    if (known !== undefined) return known;
    if (/^[ -~]$/.test(character) || ACCENTED.test(character.normalize('NFD'))) return character;
    return `[U+${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}]`;
  }).join('');
}
