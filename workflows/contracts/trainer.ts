/**
 * The trainer's jobs: JSON files that tell the Python trainer what to read, what to do and where to write.
 * `infra/trainer/needlework_trainer/jobs.py` is the same contract in pydantic; a test holds the two together.
 * All paths are absolute and local. Outputs are plain files in `outputDir`, which exists and is empty.
 */
import { z } from 'zod';
import { Head } from './experiment.ts';
import { EvaluateSpec, ModelSpec, PretrainedBase, ScoreSpec, TrainSpec } from './spec.ts';

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
  dtype: ModelSpec.shape.dtype.unwrap(),
  device: ModelSpec.shape.device.unwrap(),
});

/** Writes `adapter_model.safetensors`, `adapter_config.json`, `steps.jsonl` (step, loss, learningRate, gradNorm). */
export const TrainJob = z.strictObject({
  ...jobBase,
  kind: z.literal('train'),
  model: ModelRef,
  /** JSONL of `Example`. */
  trainFile: z.string(),
  /** Prompt + answer never exceed this; a longer example is an error, not a truncation. */
  maxTokens: z.int().positive(),
  train: z.strictObject({ ...TrainSpec.def.shape }),
});

const decoding = { model: ModelRef, adapterDir: z.string().nullable(), dataFile: z.string(), maxNewTokens: EvaluateSpec.shape.maxNewTokens.unwrap(), maxExamples: z.int().positive().nullable() };

/** Writes `predictions.jsonl`. */
export const EvaluateJob = z.strictObject({ ...jobBase, kind: z.literal('evaluate'), ...decoding });

/**
 * Writes `scores.json` (without `f1`), `predictions.jsonl` of the scored answers, and `examples.safetensors`:
 * `retrieval` and `insight` float32 [examples, layers, heads], `attended` int32 [tokens, layers, heads] (the prompt
 * position each head attended most while each generated token was predicted) and `offsets` int64 [examples + 1].
 */
export const ScoreJob = z.strictObject({ ...jobBase, kind: z.literal('score'), ...decoding, score: z.strictObject({ ...ScoreSpec.def.shape }) });

/** Writes `<set id>.jsonl` of predictions for every head set, and `unmasked.jsonl`. */
export const MaskJob = z.strictObject({
  ...jobBase,
  kind: z.literal('mask'),
  ...decoding,
  headSets: z.array(z.strictObject({ id: z.string().regex(/^[a-z0-9-]+$/), heads: z.array(Head) })),
});

/** Writes a model folder (config.json, model.safetensors, tokenizer.json, tokenizer_config.json) and `steps.jsonl`. */
export const PretrainJob = z.strictObject({
  ...jobBase,
  kind: z.literal('pretrain'),
  /** JSONL files; every string under `text`, `question` or in `answers` is corpus text. */
  corpusFiles: z.array(z.string()).min(1),
  pretrain: z.strictObject({ ...PretrainedBase.omit({ kind: true, corpus: true }).def.shape }),
});

export const TrainerJob = z.discriminatedUnion('kind', [TrainJob, EvaluateJob, ScoreJob, MaskJob, PretrainJob]);
export type TrainerJob = z.infer<typeof TrainerJob>;
