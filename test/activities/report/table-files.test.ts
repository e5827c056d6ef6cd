import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tableFiles } from '#activities/report/table-files.ts';
import type { ComparedTable, SweepResults } from '#workflows/contracts/report.ts';
import { csvRecords } from '../../support/csv.ts';
import { fixtureResults } from './fixture.ts';

const { paper } = fixtureResults();
const files = new Map(tableFiles(paper));

/** Text as a failure or a model could write it. */
const HOSTILE = '=1+"x",\n\\input{/etc/passwd}$x^2$ %_&#~{} \\end{table} <b> 漢字 🏭 é ø ß þ – “q” \u202e\u0000';
const hostile = (): SweepResults['paper'] => ({
  ...paper,
  tables: paper.tables.map((table): ComparedTable => ({ ...table, model: HOSTILE, cells: table.cells.map((cell, at) => (at % 3 === 0 ? { ...cell, ours: null, difference: null, reason: `${HOSTILE} ${at}` } : cell)) })),
});

describe('CSV', () => {
  test('has a line for each number, with what names it', () => {
    const records = csvRecords(files.get('tables/table-05.csv')!);
    const { cells } = paper.tables.find(({ table }) => table === 5)!;
    expect(records).toHaveLength(cells.length);
    const at = records.findIndex(({ row, column }) => row === 'H,H' && column === 'R,R');
    expect(records[at]).toEqual({ table: '5', model: 'tiny-llama', variant: '', paper_model: 'llama3', group: '', row: 'H,H', column: 'R,R', paper: '0.75', ours: String(cells[at]!.ours), difference: String(cells[at]!.difference), seeds: '1', reason: '', note: '' });
  });

  test('has all models and variants of a table in one file', () => {
    const twice = csvRecords(new Map(tableFiles({ ...paper, tables: [...paper.tables, ...paper.tables.map((table) => ({ ...table, model: 'other' }))] })).get('tables/table-05.csv')!);
    expect(new Set(twice.map(({ model }) => model))).toEqual(new Set(['tiny-llama', 'other']));
  });

  test('with hostile text is neither broken nor a formula', () => {
    const text = new Map(tableFiles(hostile())).get('tables/table-01.csv')!;
    const [first] = csvRecords(text);
    expect(first!.model).toBe(`'${HOSTILE.replace('\u202e\u0000', '[U+202E]␀')}`);
    expect(text).not.toMatch(/[\u0000\u202e]/);
  });
});

describe('LaTeX', () => {
  test('is a grid with the rows and columns of the paper', () => {
    const text = files.get('tables/table-05.tex')!;
    expect(text).toContain('\\begin{tabular}{lrrrrrrrrrrr}\n\\toprule\n & R,R & R,R (L1) & R,R (L2) & R,R (L3) & H,H & H,L & L,H & L,L & S,S & \\# Heads & F1 \\\\\n\\midrule\nR,R & ');
    expect(text).toContain('\\textsuperscript{1}~The paper: Table 1 has 0.83.');
    expect(text).toMatch(/\\textsuperscript\{a\}~the sweep has no R,R \(L1\)\./);
  });

  test('has in bold what the paper has, and what would be of ours', () => {
    const text = files.get('tables/table-01.tex')!;
    expect(text).toContain("Bold, as in the paper: the best synthetic training data of each task, of the paper's numbers and of ours.");
    const bold = (row: string) => Array.from(text.split('\n').find((line) => line.startsWith(row))!.matchAll(/\\textbf\{([^}]*)\}/g), ([, number]) => number);
    const ours = (row: string) => paper.tables.find(({ table }) => table === 1)!.cells.find((cell) => cell.row === row && cell.column === 'MDQA')!.ours!;
    expect(ours('High, High')).toBeGreaterThan(ours('Symbolic, Symbolic'));
    // The paper's best of MDQA, MuSiQue and SummHay are in other rows.
    expect(bold('High, High')).toEqual([ours('High, High').toFixed(2)]);
    expect(bold('Low, High')).toEqual(['0.49', '0.79']);
    expect(bold('Real Data')).toEqual([]);
    expect(files.get('tables/table-05.tex')).not.toContain('textbf');
  });

  test('runs nothing that it is given', () => {
    const text = [...tableFiles(hostile())].filter(([name]) => name.endsWith('.tex')).map(([, each]) => each).join('\n');
    expect(text).not.toMatch(/\\input|\\end\{table\} /);
    expect(text).toContain('\\textbackslash{}input\\{/etc/passwd\\}\\$x\\textasciicircum{}2\\$ \\%\\_\\&\\#\\textasciitilde{}\\{\\} \\textbackslash{}end\\{table\\} \\textless{}b\\textgreater{} [U+6F22][U+5B57] [U+1F3ED] é [U+00F8] [U+00DF] [U+00FE] -- ``q\'\' [U+202E]');
  });

  const pdflatex = (folder: string, file: string) => execFileSync('pdflatex', ['-no-shell-escape', '-interaction=nonstopmode', '-halt-on-error', file], { cwd: folder, stdio: 'pipe' }).toString();
  const isThere = (() => {
    try {
      execFileSync('pdflatex', ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  })();

  test.skipIf(!isThere).for([['benign', paper], ['hostile', hostile()]] as const)('compiles: %s', async ([, tables]) => {
    const folder = await mkdtemp(join(tmpdir(), 'latex-'));
    try {
      const texts = tableFiles(tables).filter(([name]) => name.endsWith('.tex')).map(([, text]) => text);
      await writeFile(join(folder, 'all.tex'), `\\documentclass{article}\n\\usepackage{booktabs}\n\\extrafloats{200}\n\\begin{document}\n${texts.join('\n\\clearpage\n')}\n\\end{document}\n`);
      pdflatex(folder, 'all.tex');
      expect((await readFile(join(folder, 'all.pdf'))).subarray(0, 5).toString()).toBe('%PDF-');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
