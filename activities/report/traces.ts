/**
 * Where every number of the report comes from: its artifacts with the files in them that are read, how it is computed, and the
 * command that makes the artifact anew. Pure functions of the results; sections link to the entries that sections/traces.ts writes.
 */
import { unitId } from '#activities/analysis/index.ts';
import type { ArtifactRef, Stage } from '#workflows/contracts/artifacts.ts';
import type { Baseline, CellStage, Condition } from '#workflows/contracts/experiment.ts';
import type { SettingResults, StageFacts, SweepResults } from '#workflows/contracts/report.ts';
import { Measure, type TraceRef } from '#workflows/contracts/trace.ts';
import { settingName } from './format.ts';
import { settingSlug } from './names.ts';

/** An artifact that a number rests on. */
export interface Origin {
  /** Whose it is: a unit's id, or that of the test split's setting. */
  of: string;
  stage: Stage;
  key: string;
  /** Files of it that are read. */
  files: readonly string[];
}

export interface Trace extends TraceRef {
  /** Id of its entry in the page. */
  id: string;
  origins: readonly Origin[];
}

interface Rule {
  /** What the number is and how it follows from the files. */
  how: string;
  /** The stage whose artifact it is read from first of all. */
  stage: CellStage;
  files: readonly string[];
  /** Further artifacts: the unit's own, the real cell's, the test split. */
  also?: readonly { whose: 'own' | 'real' | 'test'; stage: Stage; files: readonly string[] }[];
}

const TEST = { whose: 'test', stage: 'dataset', files: ['test.jsonl'] } as const;

export const RULES: Readonly<Record<Measure, Rule>> = {
  f1: { how: 'F1 and exact match on the real test split: means over perExample of metrics.json, intervals by bootstrap over it; the answers are in predictions.jsonl', stage: 'evaluate', files: ['metrics.json', 'predictions.jsonl'], also: [TEST] },
  f1MinusReal: { how: 'difference in F1 to the model tuned on real data: mean over questions of the differences of perExample', stage: 'evaluate', files: ['metrics.json'], also: [{ whose: 'real', stage: 'evaluate', files: ['metrics.json'] }, TEST] },
  ownF1: { how: 'F1 on the validation split of its own data: f1 of scores.json', stage: 'score', files: ['scores.json', 'predictions.jsonl'], also: [{ whose: 'own', stage: 'dataset', files: ['validation.jsonl'] }] },
  heads: { how: 'scores of heads and their count above zero: retrieval and insight of scores.json, means over the examples of examples.safetensors', stage: 'score', files: ['scores.json', 'examples.safetensors'], also: [{ whose: 'own', stage: 'dataset', files: ['validation.jsonl'] }] },
  overlap: { how: 'recall and cosine: this model’s scores.json against that of the model tuned on real data', stage: 'score', files: ['scores.json'], also: [{ whose: 'real', stage: 'score', files: ['scores.json'] }] },
  masking: { how: 'F1 with heads silenced: masking.json; the sets of heads by scores.json', stage: 'mask', files: ['masking.json'], also: [{ whose: 'own', stage: 'score', files: ['scores.json'] }, TEST] },
  patching: { how: 'F1 with heads patched: patching.json; the sets of heads by both scores.json', stage: 'patch', files: ['patching.json'], also: [{ whose: 'own', stage: 'score', files: ['scores.json'] }, { whose: 'real', stage: 'score', files: ['scores.json'] }, TEST] },
  loss: { how: 'training loss: steps.jsonl', stage: 'train', files: ['steps.jsonl'] },
  data: { how: 'counts and samples of its data: card.json; pairs with other conditions: pairing.jsonl', stage: 'dataset', files: ['card.json', 'pairing.jsonl'] },
};

/** Artifacts that are there, and whose they are. */
export interface Owned {
  of: string;
  artifacts: readonly ArtifactRef[];
}

/** What a measure of a unit was read from: of its own artifacts, the real cell's and the test split; null where its own is not there. */
export function originsOf(measure: Measure, owned: Readonly<Record<'own' | 'real' | 'test', Owned>>): Origin[] | null {
  const rule = RULES[measure];
  const { of: unit, artifacts } = owned.own;
  const first = artifacts.find(({ stage }) => stage === rule.stage);
  if (first === undefined) return null;
  const also = (rule.also ?? []).flatMap(({ whose, stage, files }): Origin[] => owned[whose].artifacts.filter((each) => each.stage === stage).map(({ key }) => ({ of: owned[whose].of, stage, key, files })));
  return distinct([{ of: unit, stage: first.stage, key: first.key, files: rule.files }, ...also]);
}

/** The entry of a measure; null where the unit has no artifact that it could come from. */
export function traceOf(setting: SettingResults, by: Condition | Baseline, measure: Measure): Trace | null {
  const finished = (of: string, stages: readonly StageFacts[]): Owned => ({ of, artifacts: stages.filter(({ status }) => status === 'done') });
  const unit = unitId(setting, by);
  const origins = originsOf(measure, { own: finished(unit, stagesOf(setting, by)), real: finished(unitId(setting, 'real'), stagesOf(setting, 'real')), test: finished(`${setting.task}/${setting.model}: test`, setting.test.stages) });
  return origins && { id: traceId({ unit, measure }), unit, measure, origins };
}

/** All entries of a unit. */
export const tracesOf = (setting: SettingResults, by: Condition | Baseline): Trace[] => Measure.options.flatMap((measure) => traceOf(setting, by, measure) ?? []);

/** All entries of a sweep, each once: what a baseline's rest on is that of all settings that it stands in. */
export function tracesOfAll({ settings }: SweepResults): Trace[] {
  const all = settings.flatMap((setting) => [...setting.baselines.map(({ baseline }) => baseline), ...setting.cells.map(({ condition }) => condition)].flatMap((by) => tracesOf(setting, by)));
  return [...Map.groupBy(all, ({ id }) => id).values()].map((same) => ({ ...(same[0] as Trace), origins: distinct(same.flatMap(({ origins }) => origins)) }));
}

const distinct = (origins: readonly Origin[]): Origin[] => origins.filter(({ key }, at) => origins.findIndex((each) => each.key === key) === at);

/** An entry that something links to, and what it is called in a list of several. */
export interface EntryLink {
  id: string;
  name: string;
}

export const entryLink = (ref: TraceRef): EntryLink => ({ id: traceId(ref), name: `${ref.unit}: ${ref.measure}` });
/** The entry of a unit's measure, whether or not there is one. */
export const measured = (setting: SettingResults, by: Condition | Baseline, measure: Measure): EntryLink => entryLink({ unit: unitId(setting, by), measure });

/** The entry of a setting's correlations of overlap with F1 (grouped-traces.ts). */
export const correlationEntry = (of: Pick<SettingResults, 'task' | 'model' | 'variant' | 'seed'>): EntryLink => ({ id: `from-correlations-${settingSlug(of)}`, name: `correlations of ${settingName(of)}` });

/** Id of an entry in the page: `from-mdqa.tiny-llama.real-f1`. */
export const traceId = ({ unit, measure }: TraceRef): string => `${unitAnchor(unit)}-${measure}`;
/** Id of a unit's entries in the page. */
export const unitAnchor = (unit: string): string => `from-${unit.replaceAll('/', '.')}`;

function stagesOf({ cells, baselines }: SettingResults, by: Condition | Baseline): readonly StageFacts[] {
  return (cells.find(({ condition }) => condition === by) ?? baselines.find(({ baseline }) => baseline === by))?.stages ?? [];
}

/**
 * The command that makes a stage of a unit anew from the report's own spec, and all that rests on it if it comes out
 * different: run in the checkout, with the path of the report's `results.json`.
 */
export function againCommand({ spec }: Pick<SweepResults, 'spec'>, setting: SettingResults, by: Condition | Baseline, stage: CellStage): string {
  const isBaseline = setting.baselines.some(({ baseline }) => baseline === by);
  const selector = {
    task: setting.task,
    model: setting.model,
    condition: by,
    ...(!isBaseline && spec.variants !== undefined && { variant: setting.variant ?? null }),
    ...(!isBaseline && setting.seed !== undefined && { seed: setting.seed }),
    stage,
  };
  const run = JSON.stringify({ only: [selector], force: { label: AGAIN_LABEL, stages: [selector] } });
  return `node -p 'JSON.stringify({...JSON.parse(fs.readFileSync("results.json", "utf8")).spec, ...${run}})' > again.json && npx needlework start again.json`;
}

/** Each label makes a stage anew once. */
export const AGAIN_LABEL = 'again-1';

/** The command that deletes an artifact which cells share, so that the sweep's next start makes it anew. */
export function discardCommand({ stage, key }: Pick<StageFacts, 'stage' | 'key'>): string {
  return `temporal workflow start --type discard --task-queue needlework --input '${JSON.stringify({ stage, key })}'`;
}
