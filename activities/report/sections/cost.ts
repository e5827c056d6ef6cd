/** What each result took: time on the trainers' devices, tokens, GPU hours, and what was paid to LLMs. */
import { gpuHoursOf, SUSTAINED_FLOPS } from '#activities/estimate/index.ts';
import type { Baseline, Condition } from '#workflows/contracts/experiment.ts';
import type { BaseFacts, CellResults, SettingResults, StageFacts, SweepResults } from '#workflows/contracts/report.ts';
import type { TaskSpec } from '#workflows/contracts/spec.ts';
import { count, duration, settingName } from '../format.ts';
import { html, type Html } from '../html.ts';
import { number, numberBy, table } from './parts.ts';
import { took } from './traces.ts';

/** Stages that a trainer's device works on. */
const ON_DEVICE: ReadonlySet<string> = new Set(['train', 'evaluate', 'score', 'mask', 'patch']);

/** One row per cell and baseline; null where no stage was measured. */
export function cost(results: SweepResults): Html | null {
  const rows = results.settings.flatMap((setting) => [
    ...setting.baselines.map(({ baseline, stages }) => row(results, setting, baseline, stages, null)),
    ...setting.cells.map(({ condition, stages, dataset }) => row(results, setting, condition, stages, dataset)),
  ]);
  if (results.settings.every(({ cells, baselines }) => [...cells, ...baselines].every(({ stages }) => stages.length === 0))) return null;
  const columns = [
    { head: 'Result' },
    { head: 'Device hours', numeric: true, title: 'Measured: training, evaluation, scoring, masking and patching' },
    { head: 'Tokens read', numeric: true, title: 'In training, and of the prompts of evaluation and head scoring; each other pass where its stage counted them' },
    { head: 'GPU hours', numeric: true, title: `Estimated by the number of operations, at ${SUSTAINED_FLOPS / 1e12} TFLOP/s` },
    { head: 'LLM calls', numeric: true },
    { head: 'LLM dollars', numeric: true, title: 'For the texts of its data, which other results may share' },
  ];
  return html`${table('What each result took', columns, [html`<tbody>${rows}</tbody>`])}
<p class="note">Device hours are measured, on whatever device the trainers had. GPU hours are what ${SUSTAINED_FLOPS / 1e12} TFLOP/s would take for the same number of operations (one H100 in bf16, about 40 % of its peak), as <code>needlework plan</code> estimates them. The spec has no price of a GPU hour, so dollars are those of LLMs alone; texts that several results share are in each one’s row.</p>`;
}

function row({ spec, bases, settings }: SweepResults, setting: SettingResults, by: Condition | Baseline, stages: readonly StageFacts[], dataset: CellResults['dataset']): Html {
  const worked = stages.filter(({ stage, status }) => ON_DEVICE.has(stage) && status === 'done');
  const seconds = worked.reduce<number | null>((sum, each) => (each.seconds === null ? sum : (sum ?? 0) + each.seconds), null);
  const tokens = worked.map((each) => each.tokens ?? promptsOf(each, setting, dataset)).reduce<number | null>((sum, each) => (each === null ? sum : (sum ?? 0) + each), null);
  const task = spec.tasks.find((each) => each.task === setting.task);
  const train = { ...spec.train, ...spec.variants?.find(({ variant }) => variant === setting.variant)?.train };
  const hours = task && estimate(bases.find(({ model }) => model === setting.model), task, { ...spec, train }, worked);
  const written = Object.values(dataset?.writing ?? {});
  const dollars = written.some((each) => each.dollars === null) ? null : written.reduce((sum, each) => sum + (each.dollars ?? 0), 0);
  return html`<tr><th scope="row">${settings.length > 1 ? `${settingName(setting)}: ` : ''}${took(setting, by, stages)}</th>${seconds === null ? number('–') : numberBy(seconds, html`${hoursText(seconds / 3600)}<br><span class="muted">${duration(seconds)}</span>`)}${tokens === null ? number('–') : number(count(tokens))}${hours === undefined ? number('–') : numberBy(hours, hoursText(hours))}${written.length === 0 ? [number('–'), number('–')] : [number(count(written.reduce((sum, { calls }) => sum + calls, 0))), number(dollars === null ? 'unknown' : `$${dollars.toFixed(2)}`)]}</tr>`;
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

/** Two significant digits where it is little: an 8B model takes hours, a tiny one millionths of them. */
function hoursText(hours: number): string {
  if (hours === 0 || hours >= 10) return hours.toFixed(1);
  return hours < 1e-4 ? '< 0.0001' : String(Number(hours.toPrecision(2)));
}
