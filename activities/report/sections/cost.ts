/** What each result took: time on the trainers' devices, tokens, GPU hours, and dollars for GPUs and LLMs. */
import { gpuHoursOf, SUSTAINED_FLOPS } from '#activities/estimate/index.ts';
import type { Baseline, Condition } from '#workflows/contracts/experiment.ts';
import type { BaseFacts, CellResults, SettingResults, StageFacts, SweepResults } from '#workflows/contracts/report.ts';
import type { TaskSpec } from '#workflows/contracts/spec.ts';
import { gpuDollars, totalDollars } from '#workflows/plan/gpu-price.ts';
import { count, dollarsText, duration, hoursText, settingName } from '../format.ts';
import { html, type Html } from '../html.ts';
import { number, numberBy, table } from './parts.ts';
import { took } from './traces.ts';

/** Stages that a trainer's device works on. */
const ON_DEVICE: ReadonlySet<string> = new Set(['train', 'evaluate', 'score', 'mask', 'patch']);

/** One row per cell and baseline; null where no stage was measured. */
export function cost(results: SweepResults): Html | null {
  const { gpuHourDollars = null } = results.spec;
  const costs = results.settings.flatMap((setting) => [
    ...setting.baselines.map(({ baseline, stages }) => costOf(results, setting, baseline, stages, null)),
    ...setting.cells.map(({ condition, stages, dataset }) => costOf(results, setting, condition, stages, dataset)),
  ]);
  if (results.settings.every(({ cells, baselines }) => [...cells, ...baselines].every(({ stages }) => stages.length === 0))) return null;
  const columns = [
    { head: 'Result' },
    { head: 'Device hours', numeric: true, title: 'Measured: training, evaluation, scoring, masking and patching' },
    { head: 'Tokens read', numeric: true, title: 'In training, and of the prompts of evaluation and head scoring; each other pass where its stage counted them' },
    { head: 'GPU hours', numeric: true, title: `Estimated by the number of operations, at ${SUSTAINED_FLOPS / 1e12} TFLOP/s` },
    { head: 'LLM calls', numeric: true },
    { head: 'LLM dollars', numeric: true, title: 'For the texts of its data, which other results may share' },
    ...(gpuHourDollars === null ? [] : [{ head: 'GPU dollars', numeric: true, title: `Device hours at $${gpuHourDollars} an hour of a GPU` }, { head: 'Dollars', numeric: true, title: 'Of LLMs and GPUs' }]),
  ];
  return html`${table('What each result took', columns, [html`<tbody>${costs.map((each) => row(each, gpuHourDollars !== null))}</tbody>`])}
<p class="note">Device hours are measured, on whatever device the trainers had. GPU hours are what ${SUSTAINED_FLOPS / 1e12} TFLOP/s would take for the same number of operations (one H100 in bf16, about 40 % of its peak), as <code>needlework plan</code> estimates them. ${gpuHourDollars === null ? 'The spec has no price of a GPU hour, so dollars are those of LLMs alone' : `GPU dollars are device hours at $${gpuHourDollars} each (the spec’s gpuHourDollars), without those of models that ran on CPUs: ${dollarsText(costs.reduce((sum, each) => sum + (each.gpu ?? 0), 0))} in this table`}; texts that several results share are in each one’s row.</p>`;
}

interface Cost {
  /** Its name, leading to what it was worked out from. */
  name: Html;
  /** Measured on a trainer's device; null where nothing was. */
  seconds: number | null;
  tokens: number | null;
  /** Estimated for a GPU. */
  hours: number | undefined;
  /** Null where no text was written for it. */
  llm: { calls: number; dollars: number | null } | null;
  /** Dollars of its device; null without a price, or where nothing was measured. */
  gpu: number | null;
}

function costOf({ spec, bases, settings }: SweepResults, setting: SettingResults, by: Condition | Baseline, stages: readonly StageFacts[], dataset: CellResults['dataset']): Cost {
  const worked = stages.filter(({ stage, status }) => ON_DEVICE.has(stage) && status === 'done');
  const seconds = worked.reduce<number | null>((sum, each) => (each.seconds === null ? sum : (sum ?? 0) + each.seconds), null);
  const tokens = worked.map((each) => each.tokens ?? promptsOf(each, setting, dataset)).reduce<number | null>((sum, each) => (each === null ? sum : (sum ?? 0) + each), null);
  const task = spec.tasks.find((each) => each.task === setting.task);
  const train = { ...spec.train, ...spec.variants?.find(({ variant }) => variant === setting.variant)?.train };
  const hours = task && estimate(bases.find(({ model }) => model === setting.model), task, { ...spec, train }, worked);
  const written = Object.values(dataset?.writing ?? {});
  const llm = { calls: written.reduce((sum, { calls }) => sum + calls, 0), dollars: written.some((each) => each.dollars === null) ? null : written.reduce((sum, each) => sum + (each.dollars ?? 0), 0) };
  const device = spec.models.find(({ model }) => model === setting.model)?.device;
  const gpu = seconds === null || device === undefined ? null : gpuDollars(spec, device, seconds / 3600);
  return { name: html`${settings.length > 1 ? `${settingName(setting)}: ` : ''}${took(setting, by, stages)}`, seconds, tokens, hours, llm: written.length === 0 ? null : llm, gpu };
}

function row({ name, seconds, tokens, hours, llm, gpu }: Cost, priced: boolean): Html {
  const total = totalDollars(llm === null ? 0 : llm.dollars, gpu);
  return html`<tr><th scope="row">${name}</th>${seconds === null ? number('–') : numberBy(seconds, html`${hoursText(seconds / 3600)}<br><span class="muted">${duration(seconds)}</span>`)}${tokens === null ? number('–') : number(count(tokens))}${hours === undefined ? number('–') : numberBy(hours, hoursText(hours))}${llm === null ? [number('–'), number('–')] : [number(count(llm.calls)), number(dollarsText(llm.dollars))]}${priced && [gpu === null ? number('–') : numberBy(gpu, dollarsText(gpu)), llm === null && gpu === null ? number('–') : total === null ? number('unknown') : numberBy(total, dollarsText(total))]}</tr>`;
}

/** Tokens of the prompts that a stage reads once each; null for stages that read them several times over. */
function promptsOf({ stage }: StageFacts, { test }: SettingResults, dataset: CellResults['dataset']): number | null {
  const split = stage === 'evaluate' ? test.dataset?.splits['test'] : stage === 'score' ? dataset?.splits['validation'] : undefined;
  return split === undefined ? null : Math.round(split.promptTokens.mean * split.examples);
}

function estimate(base: BaseFacts | undefined, task: TaskSpec, spec: SweepResults['spec'], worked: readonly StageFacts[]): number | undefined {
  if (!base?.architecture || base.parameters === null) return undefined;
  const { layers, hiddenSize } = base.architecture;
  return gpuHoursOf(worked.map(({ stage }) => stage), task, spec, { parameters: base.parameters, layers, hiddenSize });
}
