/** From a report's recipe to the contents of the artifacts that it reads. */
import { z } from 'zod';
import type { ArtifactStore } from '#infra/artifacts/store.ts';
import type { Manifest } from '#infra/artifacts/manifest.ts';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { DatasetCard, Pairing } from '#workflows/contracts/dataset.ts';
import { parse } from '#workflows/contracts/parse.ts';
import { type BaseFacts, LossPoint, type ResultStatus, type SourceFacts } from '#workflows/contracts/report.ts';
import { HeadScores, Masking, Metrics, Patching, Prediction } from '#workflows/contracts/results.ts';
import { SweepSpec } from '#workflows/contracts/spec.ts';
import { gridOf, type Setting } from '#workflows/plan/grid.ts';
import type { BaselineFiles, CellFiles, EvaluateFiles, SettingFiles, SweepFiles } from '../analysis/index.ts';
import { textConfig } from '../base/model-config.ts';
import type { InspectedFiles } from '../analysis/inspection.ts';
import { InputArtifacts } from './input-artifacts.ts';
import { collectInspected } from './inspector/collect.ts';

/** Units that failed (or stages of theirs that could not run: `mdqa/tiny/low/low: patch`) and cells that cannot exist, with the reasons. */
const Absences = z.object({ missing: z.record(z.string(), z.string()), skipped: z.record(z.string(), z.string()).default({}) });
type Absences = z.infer<typeof Absences>;
const Params = Absences.extend({ spec: SweepSpec }).strict();

/** One line of `steps.jsonl`; the report draws the loss only. */
const Step = z.looseObject(LossPoint.shape).transform(({ step, loss }): LossPoint => ({ step, loss }));

/** What a base model's folder may say of its own making. */
const Origin = z.strictObject({ origin: z.string(), seededInduction: z.string().nullable() });

const Config = textConfig(
  z.looseObject({
    num_hidden_layers: z.int(),
    hidden_size: z.int(),
    // Left to the family's own by some (Gemma 3 among them), as are the others that may be missing.
    num_attention_heads: z.int().nullish(),
    // Left out by families whose heads all have keys of their own.
    num_key_value_heads: z.int().nullish(),
    vocab_size: z.int().nullish(),
    rope_theta: z.number().optional(),
    rope_parameters: z.looseObject({ rope_theta: z.number().optional(), full_attention: z.looseObject({ rope_theta: z.number() }).optional() }).nullish(),
  }),
);

const LICENCES = {
  miniature: 'authored for this project, Apache-2.0',
  'nq-open': 'Lost in the Middle: MIT; Natural Questions: CC BY-SA 3.0; Wikipedia text: CC BY-SA',
  musique: 'MuSiQue: CC BY 4.0; Wikipedia text: CC BY-SA',
  summhay: 'Summary of a Haystack: Apache-2.0',
  examples: 'as their owner says',
  rows: 'as their owner says',
} as const;

/** Reads the artifacts of a report's recipe, and tells of each. Throws `ArtifactMissing` or `ArtifactCorrupt`. */
export async function collectSweep(store: ArtifactStore, recipe: Recipe, wasRead: (manifest: Manifest) => void = () => {}): Promise<SweepFiles> {
  const { spec, ...absences } = parse(Params, recipe.params, 'the parameters of a report stage');
  const artifacts = await InputArtifacts.of(store, recipe, wasRead);
  const settings: SettingFiles[] = [];
  const grid = gridOf(spec);
  const inspected = await collectInspected(artifacts, grid, spec.seed);
  for (const setting of grid) settings.push(await collectSetting(artifacts, setting, absences, inspected));
  const sources: SourceFacts[] = [];
  for (const task of spec.tasks) sources.push(await collectSource(artifacts, task));
  const bases: BaseFacts[] = [];
  for (const model of spec.models) bases.push(await collectBase(artifacts, model));
  return { spec, sources, bases, settings, versions: artifacts.versions() };
}

async function collectSetting(artifacts: InputArtifacts, setting: Setting, absences: Absences, inspected: ReadonlyMap<string, InspectedFiles>): Promise<SettingFiles> {
  const anyUnit = [...setting.baselines, ...setting.cells].map(({ id }) => id).find((id) => artifacts.has(id, 'test'));
  const baselines: BaselineFiles[] = [];
  for (const { id, baseline } of setting.baselines) {
    baselines.push({ baseline, ...status(id, absences), stages: artifacts.facts(id, ['evaluate']), ...(await readEvaluation(artifacts, id)) });
  }
  const cells: CellFiles[] = [];
  for (const { id, condition } of setting.cells) {
    const unpatched = absences.missing[`${id}: patch`];
    const examples = inspected.get(id);
    cells.push({
      condition,
      ...status(id, absences),
      stages: artifacts.facts(id, ['dataset', 'train', 'evaluate', 'score', 'mask', 'patch']),
      ...(await readEvaluation(artifacts, id)),
      ...(artifacts.has(id, 'dataset') && {
        card: await artifacts.json(id, 'dataset', 'card.json', DatasetCard),
        pairing: await artifacts.jsonl(id, 'dataset', 'pairing.jsonl', Pairing),
      }),
      ...(artifacts.has(id, 'train') && { steps: await artifacts.jsonl(id, 'train', 'steps.jsonl', Step) }),
      ...(artifacts.has(id, 'score') && { scores: await artifacts.json(id, 'score', 'scores.json', HeadScores) }),
      ...(examples !== undefined && { inspected: examples }),
      ...(artifacts.has(id, 'mask') && { masking: await artifacts.json(id, 'mask', 'masking.json', Masking) }),
      ...(artifacts.has(id, 'patch') && { patching: await artifacts.json(id, 'patch', 'patching.json', Patching) }),
      ...(unpatched !== undefined && { patchingReason: unpatched }),
    });
  }
  return {
    task: setting.task.task,
    model: setting.model.model,
    ...(setting.variant !== null && { variant: setting.variant }),
    ...(setting.seed !== null && { seed: setting.seed }),
    test:
      anyUnit === undefined
        ? { stages: [] }
        : {
            stages: artifacts.facts(anyUnit, ['test']),
            card: await artifacts.json(anyUnit, 'test', 'card.json', DatasetCard),
            examples: await artifacts.questions(anyUnit),
          },
    baselines,
    cells,
  };
}

async function readEvaluation(artifacts: InputArtifacts, id: string): Promise<{ evaluate?: EvaluateFiles }> {
  if (!artifacts.has(id, 'evaluate')) return {};
  return {
    evaluate: {
      metrics: await artifacts.json(id, 'evaluate', 'metrics.json', Metrics),
      predictions: await artifacts.jsonl(id, 'evaluate', 'predictions.jsonl', Prediction),
    },
  };
}

async function collectSource(artifacts: InputArtifacts, { task, source }: SweepSpec['tasks'][number]): Promise<SourceFacts> {
  const id = artifacts.unitWith((unit) => unit.startsWith(`${task}/`), 'source');
  const facts = { task, kind: source.kind, licence: LICENCES[source.kind] };
  if (id === undefined) return { ...facts, status: 'missing', stages: [], rows: null, dropped: {} };
  const Counts = z.looseObject({
    rows: z.looseObject({ train: z.int(), test: z.int(), dropped: z.record(z.string(), z.int()) }),
    pool: z.looseObject({ kept: z.int() }),
  });
  const { rows, pool } = await artifacts.json(id, 'source', 'counts.json', Counts);
  const dropped = Object.fromEntries(Object.entries(rows.dropped).filter(([, count]) => count > 0));
  return { ...facts, status: 'done', stages: artifacts.facts(id, ['source', 'ranking']), rows: { train: rows.train, test: rows.test, pool: pool.kept }, dropped };
}

async function collectBase(artifacts: InputArtifacts, { model, base }: SweepSpec['models'][number]): Promise<BaseFacts> {
  const id = artifacts.unitWith((unit) => unit.split('/')[1] === model, 'base');
  if (id === undefined) {
    return { model, kind: base.kind, status: 'missing', stages: [], parameters: null, architecture: null, origin: null, seededInduction: null, pretraining: null };
  }
  const { summary, files } = artifacts.manifest(id, 'base');
  const config = await artifacts.json(id, 'base', 'config.json', Config);
  const made = files.some(({ name }) => name === 'origin.json') ? await artifacts.json(id, 'base', 'origin.json', Origin) : null;
  return {
    model,
    kind: base.kind,
    status: 'done',
    stages: artifacts.facts(id, ['base']),
    parameters: typeof summary.parameters === 'number' ? summary.parameters : null,
    architecture: {
      layers: config.num_hidden_layers,
      hiddenSize: config.hidden_size,
      attentionHeads: config.num_attention_heads ?? null,
      keyValueHeads: config.num_key_value_heads ?? config.num_attention_heads ?? null,
      vocabularySize: config.vocab_size ?? null,
      ropeTheta: config.rope_parameters?.rope_theta ?? config.rope_parameters?.full_attention?.rope_theta ?? config.rope_theta ?? null,
    },
    origin: made?.origin ?? null,
    seededInduction: made?.seededInduction ?? null,
    pretraining: base.kind === 'pretrain' ? { loss: await artifacts.jsonl(id, 'base', 'steps.jsonl', Step) } : null,
  };
}

function status(id: string, { missing, skipped }: Absences): { status: ResultStatus; reason: string | null } {
  const [reason, impossible] = [missing[id], skipped[id]];
  if (impossible !== undefined) return { status: 'missing', reason: impossible };
  return reason === undefined ? { status: 'done', reason: null } : { status: 'failed', reason };
}
