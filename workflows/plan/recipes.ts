/**
 * One function per stage: from the part of the spec that the stage reads, and its input artifacts, to the recipe that
 * determines its artifact. What is not named here does not influence the stage, and so re-runs nothing.
 */
import type { ArtifactRef, Recipe, Stage } from '../contracts/artifacts.ts';
import { type Condition, type DataKind, dataOf } from '../contracts/experiment.ts';
import { type ModelSpec, type Source, SPARE_SHARE, type SweepSpec, type TaskSpec, type Writer } from '../contracts/spec.ts';
import { locationOf, type SourceFile } from '../contracts/source-file.ts';
import { withoutUrlSecrets } from '../contracts/url-secrets.ts';
import { ownMaking } from '../tasks/lookup.ts';
import { STAGE_VERSIONS } from './versions.ts';
import type { Writing } from './writings.ts';

/** SHA-256 of every file and folder that the spec names, and of the authored world, by path or URL (or `miniature`). */
export type Fingerprints = Readonly<Record<string, string>>;

/** Where the files lie that recipes name by their SHA-256. */
export function locationsOf(fingerprints: Fingerprints): Record<string, string> {
  return Object.fromEntries(Object.entries(fingerprints).map(([location, sha256]) => [sha256, location]));
}

/** Fingerprint under which the authored world of the miniature source is found. */
export const MINIATURE_WORLD = 'miniature';

type Params = Recipe['params'];

// Options that came later than their stage are named only where they are used: what was made without them is the same.

function recipe(stage: Stage, params: Params, inputs: Record<string, ArtifactRef>, seed: number): Recipe {
  return { stage, version: STAGE_VERSIONS[stage], params, inputs, seed };
}

function fingerprint(fingerprints: Fingerprints, location: string): string {
  const found = fingerprints[location];
  if (found === undefined) throw new Error(`no fingerprint was taken of ${withoutUrlSecrets(location)}`);
  return found;
}

export function sourceRecipe(spec: SweepSpec, { task, source, examples, hops }: TaskSpec, fingerprints: Fingerprints): Recipe {
  const rows = { task, trainRows: examples.total, testRows: examples.test };
  if (source.kind === 'miniature') {
    return recipe('source', { ...rows, kind: source.kind, world: fingerprint(fingerprints, MINIATURE_WORLD), ...(hops !== 3 && { hops }) }, {}, spec.seed);
  }
  // Named only where it is used: what was made without it is the same.
  const spare: Params = examples.spareShare === SPARE_SHARE ? {} : { spareShare: examples.spareShare };
  return recipe('source', { ...rows, ...spare, ...withFingerprints(source, fingerprints) }, {}, spec.seed);
}

/** A source's kind and, under the name of each of its fields, the fingerprints of the files instead of their paths or URLs. */
function withFingerprints(source: Exclude<Source, { kind: 'miniature' }>, fingerprints: Fingerprints): Params {
  const of = (file: SourceFile) => fingerprint(fingerprints, locationOf(file));
  switch (source.kind) {
    case 'nq-open':
      return { kind: source.kind, questions: of(source.questions), ...(source.pool !== undefined && { pool: of(source.pool) }) };
    case 'musique':
      return { kind: source.kind, questions: source.questions.map(of), ...(source.pool !== undefined && { pool: of(source.pool) }) };
    case 'summhay':
      return { kind: source.kind, topics: source.topics.map(of) };
    case 'rows':
      return { kind: source.kind, train: of(source.train), test: of(source.test) };
    case 'examples':
      return { kind: source.kind, examples: of(source.examples), ...(source.test !== undefined && { test: of(source.test) }) };
  }
}

/** `corpus` is the source artifact that a base pretrained by the sweep itself is trained on. */
export function baseRecipe(spec: SweepSpec, model: ModelSpec, fingerprints: Fingerprints, corpus: ArtifactRef | null): Recipe {
  const { base } = model;
  if (base.kind === 'folder') return recipe('base', { kind: base.kind, folder: fingerprint(fingerprints, base.path) }, {}, 0);
  if (base.kind === 'hub') return recipe('base', { kind: base.kind, id: base.id, revision: base.revision }, {}, 0);
  if (corpus === null) throw new Error(`model ${model.model} has no corpus: task ${base.corpus} is not in the sweep`);
  const { kind, corpus: _task, ...pretrain } = base;
  return recipe('base', { kind, ...pretrain }, { corpus }, spec.seed);
}

/** Which passages of the source's pool are most like each question; null where BM25 tells, which is no stage of its own. */
export function rankRecipe({ retriever }: TaskSpec, source: ArtifactRef, fingerprints: Fingerprints): Recipe | null {
  if (retriever.kind === 'bm25') return null;
  const { kind, model, dtype, device, ...rank } = retriever;
  return recipe('rank', { kind, encoder: fingerprint(fingerprints, model.path), dtype, device, rank }, { source }, 0);
}

/** Tokens of a passage with its label, at least: more passages than fill a context of paragraphs of 100 words. */
const TOKENS_PER_PASSAGE = 100;

/** Texts of a task that an LLM writes: the same for every model under test. */
export function writeRecipe(task: TaskSpec, writer: Writer, { what, expression }: Writing, inputs: { source: ArtifactRef; ranking?: ArtifactRef }, seed: number): Recipe {
  return recipe(
    'write',
    {
      task: task.task,
      what,
      expression,
      // Of haystack, enough for the longest context asked for.
      ...(what !== 'needles' && { passages: Math.ceil(task.contextTokens / TOKENS_PER_PASSAGE) + 10 }),
      ...(task.task === 'musique' && what === 'needles' && expression === 'low' && { lowFacts: writer.lowFacts }),
      attempts: writer.attempts,
      writer: writer.provider === 'offline' ? { provider: writer.provider } : { provider: writer.provider, model: writer.model, temperature: writer.temperature, maxTokens: writer.maxTokens, ...(writer.extra && { extra: writer.extra }) },
    },
    inputs,
    seed,
  );
}

type DatasetInputs = { source: ArtifactRef; base: ArtifactRef; ranking?: ArtifactRef; needles?: ArtifactRef; passages?: ArtifactRef };

/** Training and validation examples of one condition. */
export function datasetRecipe(spec: SweepSpec, task: TaskSpec, condition: Condition, inputs: DatasetInputs): Recipe {
  const { total, validationShare } = task.examples;
  // A subset is the same under its own name and as the task's `limited`.
  const { kind, subset } = dataOf(condition);
  return recipe(
    'dataset',
    {
      task: task.task,
      condition: kind,
      splits: 'train',
      contextTokens: task.contextTokens,
      total,
      validationShare,
      ...(kind === 'limited' && task.task === 'mdqa' && { limited: subset ?? task.limited }),
      ...(condition === 'symbolic' && task.task === 'summhay' && { listLength: task.listLength }),
      ...(condition === 'symbolic' && task.task === 'musique' && task.dictionaryEntries !== 10 && { dictionaryEntries: task.dictionaryEntries }),
      ...haystack(task),
      ...given(task, kind),
      ...format(spec),
    },
    inputs,
    spec.seed,
  );
}

/** Examples that are used as they are given, or the version of the code of one's own that makes them. */
function given({ task, source }: TaskSpec, kind: DataKind): Params {
  if (source.kind === 'examples') return { given: true };
  const own = ownMaking(task, kind);
  return own === undefined ? {} : { own: own.version };
}

function format({ prompt }: SweepSpec): Params {
  return prompt.format === 'raw' ? {} : { promptFormat: prompt.format };
}

function haystack({ task, highestDocumentNumber, documents }: TaskSpec): Params {
  return task === 'summhay' ? { highestDocumentNumber, ...(documents !== 10 && { documents }) } : {};
}

/** The real test split, which every model of the task answers. */
export function testRecipe(spec: SweepSpec, task: TaskSpec, inputs: DatasetInputs): Recipe {
  return recipe(
    'dataset',
    { task: task.task, condition: 'real', splits: 'test', contextTokens: task.contextTokens, test: task.examples.test, ...haystack(task), ...given(task, 'real'), ...format(spec) },
    inputs,
    spec.seed,
  );
}

/** How the weights are loaded; `scaled: false` keeps the base's own RoPE theta and sliding window. */
function loading({ ropeTheta, slidingWindow, dtype, device }: ModelSpec, scaled = true): Params {
  return { ropeTheta: scaled ? ropeTheta : null, ...(scaled && slidingWindow !== undefined && { slidingWindow }), dtype, device };
}

export function trainRecipe(spec: SweepSpec, model: ModelSpec, inputs: { base: ArtifactRef; dataset: ArtifactRef }): Recipe {
  const { checkpointMinutes: _, deepspeed, ...train } = spec.train;
  return recipe('train', { model: loading(model), train: { ...train, ...(deepspeed !== 'off' && { deepspeed }) } }, inputs, spec.seed);
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
  return recipe('score', { model: loading(model), evaluate: spec.evaluate, score: scoring(spec.score) }, inputs, 0);
}

export function maskRecipe(
  spec: SweepSpec,
  { task }: TaskSpec,
  model: ModelSpec,
  mask: NonNullable<SweepSpec['mask']>,
  inputs: { base: ArtifactRef; adapter: ArtifactRef; scores: ArtifactRef; test: ArtifactRef },
): Recipe {
  return recipe('mask', { task, model: loading(model), evaluate: spec.evaluate, mask: masking(mask) }, inputs, spec.seed);
}

function scoring({ insightMatch, ...score }: SweepSpec['score']): Params {
  return insightMatch === 'position' ? score : { ...score, insightMatch };
}

function masking({ mode, ...mask }: NonNullable<SweepSpec['mask']>): Params {
  return mode === 'zero' ? mask : { ...mask, mode };
}

/** Inputs without `real` are those of the synthetic cell, whose model answers. */
export function patchRecipe(
  spec: SweepSpec,
  { task }: TaskSpec,
  model: ModelSpec,
  patch: NonNullable<SweepSpec['patch']>,
  inputs: { base: ArtifactRef; adapter: ArtifactRef; realAdapter: ArtifactRef; scores: ArtifactRef; realScores: ArtifactRef; test: ArtifactRef },
): Recipe {
  return recipe('patch', { task, model: loading(model), evaluate: spec.evaluate, patch }, inputs, spec.seed);
}

/**
 * The report reads every artifact of the sweep that was made, by role (`mdqa/tiny/real: train`), and states why the others
 * are missing: units that failed, and cells that cannot exist.
 */
export function reportRecipe(spec: SweepSpec, inputs: Record<string, ArtifactRef>, missing: Record<string, string>, skipped: Record<string, string> = {}): Recipe {
  return recipe('report', { spec, missing, skipped }, inputs, 0);
}
