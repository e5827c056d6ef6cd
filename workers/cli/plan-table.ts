/** A plan as a table in the terminal. Pure. */
import { SUSTAINED_FLOPS, type WritingEstimate } from '#activities/estimate/index.ts';
import { count, dollarsText, hoursText } from '#activities/report/format.ts';
import { tableLines } from '#activities/report/table-lines.ts';
import type { SweepSpec } from '#workflows/contracts/spec.ts';
import { gpuDollars, totalDollars } from '#workflows/plan/gpu-price.ts';

export interface PlannedUnit {
  id: string;
  model: string;
  examples: string;
  /** What its texts would take; other cells may rest on the same ones. */
  texts: readonly WritingEstimate[];
  /** Null where nothing is known of the model: one of the hub that was not fetched yet. */
  gpuHours: number | null;
  /** Stages whose artifacts exist; null where no store was looked into. */
  there: number | null;
  stages: number;
}

/** Lines of the table and of what it rests on; `all` are the texts of all cells, each once, `problems` what could not be read for it. */
export function planTable(spec: SweepSpec, units: readonly PlannedUnit[], all: readonly WritingEstimate[], { skipped, where, problems = [] }: { skipped: Readonly<Record<string, string>>; where: string | null; problems?: readonly string[] }): string[] {
  const priced = (spec.gpuHourDollars ?? null) !== null;
  const costs = (texts: readonly WritingEstimate[], gpu: Gpu) => [...textCosts(texts), gpu.hours === null ? 'unknown' : hoursText(gpu.hours), ...(priced ? gpuCosts(texts, gpu) : [])];
  const gpuOf = ({ model, gpuHours }: PlannedUnit): Gpu => {
    const { device } = spec.models.find((one) => one.model === model)!;
    return { hours: gpuHours, dollars: gpuHours === null && device !== 'cpu' ? null : gpuDollars(spec, device, gpuHours ?? 0) };
  };
  const rows = units.map((unit) => [unit.id, unit.examples, ...costs(unit.texts, gpuOf(unit)), unit.there === null ? '–' : `${unit.there} of ${unit.stages}`]);
  const total = ['total, each text once', '', ...costs(all, units.map(gpuOf).reduce((sum, each) => ({ hours: plus(sum.hours, each.hours), dollars: plus(sum.dollars, each.dollars) }), { hours: 0, dollars: 0 })), ''];
  const heads = ['Examples', 'LLM calls', 'in cache', 'tokens in', 'tokens out', ...(priced ? ['LLM dollars', 'GPU hours', 'GPU dollars', 'dollars'] : ['dollars', 'GPU hours']), 'stages there'];
  return [`${spec.name}: ${units.length} cells and baselines`, '', ...tableLines([{ head: 'Cell' }, ...heads.map((head) => ({ head, numeric: true }))], [...rows, total]), '', ...notes(spec, units, all, skipped, where, problems)];
}

/** Of a cell, or of all; null where nothing is known of a model. */
interface Gpu {
  hours: number | null;
  dollars: number | null;
}

const plus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b);

function notes({ write, gpuHourDollars = null }: SweepSpec, units: readonly PlannedUnit[], all: readonly WritingEstimate[], skipped: Readonly<Record<string, string>>, where: string | null, problems: readonly string[]): string[] {
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
    `GPU hours by the number of operations, at ${SUSTAINED_FLOPS / 1e12} TFLOP/s (one H100 in bf16, about 40 % of its peak); without loading and data. A base that the sweep pretrains counts with the first cell that rests on it.${units.some(({ gpuHours }) => gpuHours === null) ? ' Those of a model of the hub are known once it was fetched.' : ''}${gpuHourDollars === null ? '' : ` GPU dollars at $${gpuHourDollars} an hour (gpuHourDollars); models on CPUs have none.`}`,
    ...Object.entries(skipped).map(([cell, reason]) => `skipped: ${cell}: ${reason}`),
    ...problems.map((problem) => `problem: ${problem}`),
  ];
}

function gpuCosts(texts: readonly WritingEstimate[], gpu: Gpu): string[] {
  return [dollarsText(gpu.dollars), dollarsText(gpu.dollars === null ? null : totalDollars(textDollars(texts), gpu.dollars))];
}

const textDollars = (texts: readonly WritingEstimate[]): number | null => texts.reduce<number | null>((sum, one) => plus(sum, one.dollars), 0);

function textCosts(texts: readonly WritingEstimate[]): string[] {
  if (texts.length === 0) return ['–', '–', '–', '–', '–'];
  const sum = (of: (one: WritingEstimate) => number) => texts.reduce((total, one) => total + of(one), 0);
  return [count(sum((one) => one.calls)), count(sum((one) => one.cached)), count(sum((one) => one.promptTokens)), count(sum((one) => one.completionTokens)), dollarsText(textDollars(texts))];
}
