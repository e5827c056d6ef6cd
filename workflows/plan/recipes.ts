/**
 * One function per stage: from the part of the spec that the stage reads, and its input artifacts, to the recipe that
 * determines its artifact. What is not named here does not influence the stage, and so re-runs nothing.
 */
import type { ArtifactRef, Recipe, Stage } from '../contracts/artifacts.ts';
import type { Condition } from '../contracts/experiment.ts';
import type { ModelSpec, Source, SweepSpec, TaskSpec } from '../contracts/spec.ts';
import { STAGE_VERSIONS } from './versions.ts';

/** SHA-256 of every file and folder that the spec names, and of the authored world, by path (or `miniature`). */
export type Fingerprints = Readonly<Record<string, string>>;

/** Fingerprint under which the authored world of the miniature source is found. */
export const MINIATURE_WORLD = 'miniature';

type Params = Recipe['params'];

function recipe(stage: Stage, params: Params, inputs: Record<string, ArtifactRef>, seed: number): Recipe {
  return { stage, version: STAGE_VERSIONS[stage], params, inputs, seed };
}

function fingerprint(fingerprints: Fingerprints, path: string): string {
  const found = fingerprints[path];
  if (found === undefined) throw new Error(`no fingerprint was taken of ${path}`);
  return found;
}

export function sourceRecipe(spec: SweepSpec, { task, source, examples }: TaskSpec, fingerprints: Fingerprints): Recipe {
  const rows = { task, trainRows: examples.total, testRows: examples.test };
  if (source.kind === 'miniature') {
    return recipe('source', { ...rows, kind: source.kind, world: fingerprint(fingerprints, MINIATURE_WORLD) }, {}, spec.seed);
  }
  return recipe('source', { ...rows, ...withFingerprints(source, fingerprints) }, {}, spec.seed);
}

/** A source's kind and, under the name of each of its fields, the fingerprints of the files instead of their paths. */
function withFingerprints(source: Exclude<Source, { kind: 'miniature' }>, fingerprints: Fingerprints): Params {
  const of = (path: string) => fingerprint(fingerprints, path);
  switch (source.kind) {
    case 'nq-open':
      return { kind: source.kind, questions: of(source.questions), ...(source.pool !== undefined && { pool: of(source.pool) }) };
    case 'musique':
      return { kind: source.kind, questions: source.questions.map(of), ...(source.pool !== undefined && { pool: of(source.pool) }) };
    case 'summhay':
      return { kind: source.kind, topics: source.topics.map(of) };
  }
}

/** `corpus` is the source artifact that a base pretrained by the sweep itself is trained on. */
export function baseRecipe(spec: SweepSpec, model: ModelSpec, fingerprints: Fingerprints, corpus: ArtifactRef | null): Recipe {
  const { base } = model;
  if (base.kind === 'folder') return recipe('base', { kind: base.kind, folder: fingerprint(fingerprints, base.path) }, {}, 0);
  if (corpus === null) throw new Error(`model ${model.model} has no corpus: task ${base.corpus} is not in the sweep`);
  const { kind, corpus: _task, ...pretrain } = base;
  return recipe('base', { kind, ...pretrain }, { corpus }, spec.seed);
}

type DatasetInputs = { source: ArtifactRef; base: ArtifactRef };

/** Training and validation examples of one condition. */
export function datasetRecipe(spec: SweepSpec, task: TaskSpec, condition: Condition, inputs: DatasetInputs): Recipe {
  const { total, validationShare } = task.examples;
  return recipe(
    'dataset',
    {
      task: task.task,
      condition,
      splits: 'train',
      contextTokens: task.contextTokens,
      total,
      validationShare,
      ...(condition === 'limited' && task.task === 'mdqa' && { limited: task.limited }),
      ...(condition === 'symbolic' && task.task === 'summhay' && { listLength: task.listLength }),
    },
    inputs,
    spec.seed,
  );
}

/** The real test split, which every model of the task answers. */
export function testRecipe(spec: SweepSpec, task: TaskSpec, inputs: DatasetInputs): Recipe {
  return recipe(
    'dataset',
    { task: task.task, condition: 'real', splits: 'test', contextTokens: task.contextTokens, test: task.examples.test },
    inputs,
    spec.seed,
  );
}

/** How the weights are loaded; `scaled: false` keeps the base's own RoPE theta. */
function loading(model: ModelSpec, scaled = true): Params {
  return { ropeTheta: scaled ? model.ropeTheta : null, dtype: model.dtype, device: model.device };
}

export function trainRecipe(spec: SweepSpec, model: ModelSpec, inputs: { base: ArtifactRef; dataset: ArtifactRef }): Recipe {
  return recipe('train', { model: loading(model), train: spec.train }, inputs, spec.seed);
}

/** Predictions on the test split; without `adapter` those of an untuned model. Greedy, so no seed. */
export function evaluateRecipe(
  spec: SweepSpec,
  model: ModelSpec,
  inputs: { base: ArtifactRef; test: ArtifactRef; adapter?: ArtifactRef },
  scaled = true,
): Recipe {
  return recipe('evaluate', { model: loading(model, scaled), evaluate: spec.evaluate }, inputs, 0);
}

/** Head scores on the cell's own validation split (paper, C.1). */
export function scoreRecipe(
  spec: SweepSpec,
  model: ModelSpec,
  inputs: { base: ArtifactRef; adapter: ArtifactRef; dataset: ArtifactRef },
): Recipe {
  return recipe('score', { model: loading(model), evaluate: spec.evaluate, score: spec.score }, inputs, 0);
}

export function maskRecipe(
  spec: SweepSpec,
  { task }: TaskSpec,
  model: ModelSpec,
  mask: NonNullable<SweepSpec['mask']>,
  inputs: { base: ArtifactRef; adapter: ArtifactRef; scores: ArtifactRef; test: ArtifactRef },
): Recipe {
  return recipe('mask', { task, model: loading(model), evaluate: spec.evaluate, mask }, inputs, spec.seed);
}

/**
 * The report reads every artifact of the sweep that was made, by role (`mdqa/tiny/real: train`), and states why the others
 * are missing: units that failed, and cells that cannot exist.
 */
export function reportRecipe(spec: SweepSpec, inputs: Record<string, ArtifactRef>, missing: Record<string, string>, skipped: Record<string, string> = {}): Recipe {
  return recipe('report', { spec, missing, skipped }, inputs, 0);
}
