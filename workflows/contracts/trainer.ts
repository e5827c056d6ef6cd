/**
 * The trainer's jobs: JSON files that tell the Python trainer what to read, what to do and where to write.
 * `infra/trainer/needlework_trainer/jobs.py` is the same contract in pydantic; a test holds the two together.
 * All paths are absolute and local. Outputs are plain files in `outputDir`, which exists and is empty.
 */
import { z } from 'zod';
import { Head } from './experiment.ts';
import { EvaluateSpec, MaskSpec, ModelSpec, PretrainedBase, RankSpec, ScoreSpec, TrainSpec } from './spec.ts';

const jobBase = {
  jobId: z.string().min(1),
  outputDir: z.string().min(1),
  seed: z.int().nonnegative(),
};

/** Which weights to load and how; a trainer keeps the last one loaded between jobs. */
export const ModelRef = z.strictObject({
  /** Folder with config.json, model.safetensors, tokenizer.json, tokenizer_config.json. */
  path: z.string().min(1),
  /** RoPE theta to set at load; null keeps the base's own. */
  ropeTheta: z.number().positive().nullable(),
  /** Window of the layers that have one; null: all of them see the whole context. Left out: the base's own. */
  slidingWindow: ModelSpec.shape.slidingWindow,
  dtype: ModelSpec.shape.dtype.unwrap(),
  device: ModelSpec.shape.device.unwrap(),
});

/**
 * Writes `adapter_model.safetensors`, `adapter_config.json`, `steps.jsonl` (step, loss, learningRate, gradNorm, tokens) and, of
 * what differs from run to run, `pace.jsonl` (step, tokens, seconds, tokensPerSecond, peakMemoryMiB).
 */
export const TrainJob = z.strictObject({
  ...jobBase,
  kind: z.literal('train'),
  model: ModelRef,
  /** JSONL of `Example`. */
  trainFile: z.string(),
  /** Prompt + answer never exceed this; a longer example is an error, not a truncation. */
  maxTokens: z.int().positive(),
  train: z.strictObject({ ...TrainSpec.omit({ checkpointMinutes: true }).def.shape }),
  /** Where checkpoints are left, the minutes between them; the newest of this job that lies there is gone on from. */
  checkpoints: z.strictObject({ folder: z.string().min(1), minutes: TrainSpec.shape.checkpointMinutes.unwrap() }).nullable().default(null),
});

const decoding = {
  model: ModelRef,
  adapterDir: z.string().nullable(),
  dataFile: z.string(),
  /** No prompt exceeds this; a longer one is an error, not a truncation. Null: as long as the model can read. */
  maxPromptTokens: z.int().positive().nullable().default(null),
  maxNewTokens: EvaluateSpec.shape.maxNewTokens.unwrap(),
  maxExamples: z.int().positive().nullable(),
};

/** Writes `predictions.jsonl`. */
export const EvaluateJob = z.strictObject({ ...jobBase, kind: z.literal('evaluate'), ...decoding });

/**
 * Writes `scores.json` (without `f1`), `predictions.jsonl` of the scored answers, and `examples.safetensors`, the
 * scores of each example and where every head looked (`HEAD_EXAMPLES` in results.ts).
 */
export const ScoreJob = z.strictObject({ ...jobBase, kind: z.literal('score'), ...decoding, score: z.strictObject({ ...ScoreSpec.def.shape }) });

/** Writes `<set id>.jsonl` of predictions for every head set, and `unmasked.jsonl`. */
export const MaskJob = z.strictObject({
  ...jobBase,
  kind: z.literal('mask'),
  ...decoding,
  mode: MaskSpec.shape.mode,
  headSets: z.array(z.strictObject({ id: z.string().regex(/^[a-z0-9-]+$/), heads: z.array(Head) })),
});

/**
 * Writes `<set id>.jsonl` of predictions for every head set, and `unpatched.jsonl`: the model of `adapterDir` answers, with
 * the outputs that the set's heads have in the model of `realAdapterDir` at every position of the prompt.
 */
export const PatchJob = z.strictObject({
  ...jobBase,
  kind: z.literal('patch'),
  ...decoding,
  adapterDir: z.string(),
  realAdapterDir: z.string(),
  headSets: MaskJob.shape.headSets,
});

/** Writes a model folder (config.json, model.safetensors, tokenizer.json, tokenizer_config.json) and `steps.jsonl`. */
export const PretrainJob = z.strictObject({
  ...jobBase,
  kind: z.literal('pretrain'),
  /** JSONL files; every string under `text`, `question` or in `answers` is corpus text. */
  corpusFiles: z.array(z.string()).min(1),
  pretrain: z.strictObject({ ...PretrainedBase.omit({ kind: true, corpus: true }).def.shape }),
});

/** Which text encoder to load and how. */
export const EncoderRef = z.strictObject({
  /** Folder with config.json, tokenizer.json and weights. */
  path: z.string().min(1),
  dtype: ModelSpec.shape.dtype.unwrap(),
  device: ModelSpec.shape.device.unwrap(),
});

/** Writes `ranking.jsonl`, one `Ranked` per row of the question files, in their order. */
export const RankJob = z.strictObject({
  ...jobBase,
  kind: z.literal('rank'),
  encoder: EncoderRef,
  /** JSONL of `Passage`; may be longer than memory. */
  passagesFile: z.string(),
  /** JSONL files of source rows, of which `id` and `question` are read. */
  questionFiles: z.array(z.string()).min(1),
  rank: z.strictObject({ ...RankSpec.def.shape }),
});

export const TrainerJob = z.discriminatedUnion('kind', [TrainJob, EvaluateJob, ScoreJob, MaskJob, PatchJob, PretrainJob, RankJob]);
export type TrainerJob = z.infer<typeof TrainerJob>;
