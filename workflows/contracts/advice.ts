/** The advisor (`needlework advise`): what it is asked (a file of the researcher's) and what it answers (`advice.json`). */
import { z } from 'zod';
import { Agreement, Overlap } from './agreement.ts';
import { ArtifactRef } from './artifacts.ts';
import { Condition } from './experiment.ts';
import { Interval } from './report.ts';
import { RunSpec } from './run.ts';
import { Seed, slug } from './slug.ts';
import { SourceFile } from './source-file.ts';
import { EvaluateSpec, Examples, ModelSpec, PromptSpec, ScoreSpec, Source, TaskSpec, TrainSpec, Writer } from './spec.ts';

/** Names become parts of workflow ids, beside that of the advice. */
const name = slug.max(30);

/** Finished examples in a file of one's own: JSONL, lines of `GivenExample` (source.ts). */
const GivenFile = z.strictObject({ examples: SourceFile });

/**
 * Which candidates are to be ranked for a model. Candidates are conditions of the task, made from its source, or finished examples in
 * a file; so is the real data that their heads are compared with.
 */
export const AdviceSpec = z.strictObject({
  name,
  description: z.string().max(2000).default(''),
  seed: Seed.default(0),
  /** As in a sweep; `source` only where real data or a candidate is made from one. */
  task: TaskSpec.extend({ source: Source.optional() }),
  model: ModelSpec,
  /** The condition `real` of the source, or a few real examples in a file. */
  real: z.union([z.literal('real'), GivenFile], { error: '"real" or {"examples": a file}' }).default('real'),
  candidates: z.array(z.union([Condition.exclude(['real']), GivenFile.extend({ name })], { error: `a condition (${Condition.options.filter((condition) => condition !== 'real').join(', ')}) or {"name": …, "examples": a file}` })).min(1),
  /** What candidates are ranked by. */
  by: Overlap.default('recall'),
  /** Of files, at most so many examples, and the share of them on which heads are scored. */
  given: Examples.pick({ validationShare: true }).extend({ total: z.int().min(2).default(100_000), validationShare: Examples.shape.validationShare.unwrap().default(0.2) }).prefault({}),
  write: Writer.optional(),
  prompt: PromptSpec.prefault({}),
  train: TrainSpec.prefault({}),
  evaluate: EvaluateSpec.prefault({}),
  score: ScoreSpec.prefault({}),
  run: RunSpec.optional(),
});
export type AdviceSpec = z.infer<typeof AdviceSpec>;
export type AdviceSpecInput = z.input<typeof AdviceSpec>;

/** One candidate, compared with the model tuned on real data. */
export const RankedCandidate = z.strictObject({
  name: z.string().min(1),
  /** From 1, the most overlap first; equal ones share the lower rank. Null where it cannot be compared, with the reason. */
  rank: z.int().positive().nullable(),
  reason: z.string().min(1).nullable(),
  /** Examples of its validation split on which heads were scored. */
  examples: z.int().nonnegative().nullable(),
  positive: z.int().nonnegative().nullable(),
  heads: z.int().positive().nullable(),
  /** Over all examples, and the interval over examples of both sides. */
  recall: Interval.nullable(),
  cosine: Interval.nullable(),
  /** Share of the resamples in which it has most overlap of all, alone or with others that share it out; null without a rank. */
  first: z.number().min(0).max(1).nullable(),
  /** F1 on the real test split, where some sweep of the store measured it. */
  f1: z.number().nullable(),
});
export type RankedCandidate = z.infer<typeof RankedCandidate>;

/** The candidates of one task and model, by rank; those without one behind. */
export const Ranking = z.strictObject({
  setting: z.string().min(1),
  /** The model tuned on real data; null where it is not there, with the reason. */
  real: z.strictObject({ examples: z.int().positive(), positive: z.int().nonnegative(), heads: z.int().positive() }).nullable(),
  reason: z.string().min(1).nullable(),
  candidates: z.array(RankedCandidate),
});
export type Ranking = z.infer<typeof Ranking>;

/** Where the numbers of the real model, or of a candidate, come from. */
export const AdviceSource = z.strictObject({
  /** As in `Ranking`. */
  setting: z.string().min(1),
  /** Of the candidate; null for the real model. */
  name: z.string().min(1).nullable(),
  /** The sweep that has it, and its id there; null where the sweep has no such cell. */
  sweep: z.string().min(1),
  unit: z.string().min(1).nullable(),
  /** What was read: head scores and, where F1 was measured, the evaluation. */
  artifacts: z.array(ArtifactRef),
});
export type AdviceSource = z.infer<typeof AdviceSource>;

export const Advice = z.strictObject({
  schemaVersion: z.literal(2),
  name: z.string().min(1),
  by: Overlap,
  rankings: z.array(Ranking),
  sources: z.array(AdviceSource),
  /** With F1, wherever the store has that of candidates, too. */
  agreement: Agreement,
  methods: z.strictObject({ bootstrap: z.strictObject({ resamples: z.int().positive(), level: z.number().gt(0).lt(1), seed: z.int().nonnegative() }) }),
});
export type Advice = z.infer<typeof Advice>;
