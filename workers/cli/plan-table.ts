/** A plan as a table in the terminal. Pure. */
import { SUSTAINED_FLOPS, type WritingEstimate } from '#activities/estimate/index.ts';
import type { SweepSpec } from '#workflows/contracts/spec.ts';

export interface PlannedUnit {
  id: string;
  examples: string;
  /** What its texts would take; other cells may rest on the same ones. */
  texts: readonly WritingEstimate[];
  /** Null where nothing is known of the model: one of the hub that was not fetched yet. */
  gpuHours: number | null;
  /** Stages whose artifacts exist; null where no store was looked into. */
  there: number | null;
  stages: number;
}

const HEAD = ['Cell', 'Examples', 'LLM calls', 'in cache', 'tokens in', 'tokens out', 'dollars', 'GPU hours', 'stages there'];

/** Lines of the table and of what it rests on; `all` are the texts of all cells, each once, `problems` what could not be read for it. */
export function planTable(spec: SweepSpec, units: readonly PlannedUnit[], all: readonly WritingEstimate[], { skipped, where, problems = [] }: { skipped: Readonly<Record<string, string>>; where: string | null; problems?: readonly string[] }): string[] {
  const rows = units.map(({ id, examples, texts, gpuHours, there, stages }) => [id, examples, ...costs(texts), hours(gpuHours), there === null ? '–' : `${there} of ${stages}`]);
  const total = ['total, each text once', '', ...costs(all), hours(units.reduce<number | null>((sum, { gpuHours }) => (sum === null || gpuHours === null ? null : sum + gpuHours), 0)), ''];
  const widths = HEAD.map((title, column) => Math.max(...[HEAD, ...rows, total].map((row) => (row[column] as string).length), title.length));
  const line = (row: readonly string[]) => row.map((text, column) => (column === 0 ? text.padEnd(widths[column] as number) : text.padStart(widths[column] as number))).join('  ').trimEnd();
  return [`${spec.name}: ${units.length} cells and baselines`, '', line(HEAD), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line), line(total), '', ...notes(spec, all, skipped, where, problems)];
}

function notes({ write }: SweepSpec, all: readonly WritingEstimate[], skipped: Readonly<Record<string, string>>, where: string | null, problems: readonly string[]): string[] {
  const why = problems.length > 0 ? 'keys rest on files that are not there' : 'no stack is up here, and NEEDLEWORK_S3_BUCKET names no bucket';
  const cache = where === null ? `Neither finished stages nor cached replies were looked for: ${why}.` : `Finished stages and cached replies: as in ${where}; what is there is neither run nor paid for again.`;
  return [
    cache,
    ...(all.length > 0 && write?.provider === 'openai'
      ? [
          `LLM: ${write.model}${write.mode === 'batch' ? ' in batches, at half the price' : ''}. Calls and tokens (4 characters each) if every reply fits at the first try; a reply that does not is asked for up to ${write.attempts} times.`,
          ...(write.costCeilingDollars !== undefined && all.some(({ dollars }) => dollars === null) ? [`The price of ${write.model} is not known: under a cost ceiling nothing is asked until the spec says it (write.price, in dollars per million tokens).`] : []),
          write.costCeilingDollars === undefined ? 'No cost ceiling is set (write.costCeilingDollars).' : `The sweep pauses before it spends more than $${write.costCeilingDollars}.`,
        ]
      : []),
    ...(write?.provider === 'offline' ? ['Texts are written by templates (write.provider "offline"): no LLM is asked.'] : []),
    `GPU hours by the number of operations, at ${SUSTAINED_FLOPS / 1e12} TFLOP/s (one H100 in bf16, about 40 % of its peak); without loading and data. A base that the sweep pretrains counts with the first cell that rests on it.`,
    ...Object.entries(skipped).map(([cell, reason]) => `skipped: ${cell}: ${reason}`),
    ...problems.map((problem) => `problem: ${problem}`),
  ];
}

function costs(texts: readonly WritingEstimate[]): string[] {
  if (texts.length === 0) return ['–', '–', '–', '–', '–'];
  const sum = (of: (one: WritingEstimate) => number) => texts.reduce((total, one) => total + of(one), 0);
  const dollars = texts.some((one) => one.dollars === null) ? 'unknown' : `$${sum((one) => one.dollars as number).toFixed(2)}`;
  return [count(sum((one) => one.calls)), count(sum((one) => one.cached)), count(sum((one) => one.promptTokens)), count(sum((one) => one.completionTokens)), dollars];
}

const count = (value: number): string => value.toLocaleString('en-US');

/** Two significant digits where it is little: an 8B model takes hours, a tiny one millionths of them. */
function hours(value: number | null): string {
  if (value === null) return 'unknown';
  return value === 0 || value >= 1 ? value.toFixed(1) : value < 1e-4 ? '< 0.0001' : value.toPrecision(2);
}
