/**
 * The sweep spec: what a researcher writes and hands to `temporal workflow start --type sweep`.
 * Every object is strict, so a misspelt key is refused; every default is the paper's or, where the paper is
 * silent, the documented choice of the project (README, "Choices the paper leaves open").
 */
import { z } from 'zod';
import { Baseline, Condition, Task } from './experiment.ts';

const slug = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, 'must be lower-case letters, digits, dots and hyphens (at most 63)');

/** A file on the worker's disk; relative paths start at the checkout. */
const filePath = z.string().min(1);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');

/** Source rows the project authors itself: a small world of invented people, places and organisations. */
export const MiniatureSource = z.strictObject({ kind: z.literal('miniature') });

/** *Lost in the Middle* questions over NQ-Open, with an optional pool of passages for further distractors. */
export const NqOpenSource = z.strictObject({
  kind: z.literal('nq-open'),
  /** JSONL (plain or .gz): question, answers, ctxs with isgold/hasanswer. */
  questions: filePath,
  questionsSha256: sha256.optional(),
  /** JSONL (plain or .gz): title, text. */
  pool: filePath.optional(),
  poolSha256: sha256.optional(),
});

/** MuSiQue questions; their linear three-hop rows (`3hop1__…`) are used. */
export const MusiqueSource = z.strictObject({
  kind: z.literal('musique'),
  /** JSONL files (plain or .gz) in MuSiQue's own format: id, question, answer, question_decomposition, paragraphs. */
  questions: z.array(filePath).min(1),
  /** JSONL (plain or .gz): title and paragraph_text (or text). Gives rows that come with fewer distractors the usual number. */
  pool: filePath.optional(),
});

/** Summary of a Haystack: one file per topic, with its subtopics, insights and documents. */
export const SummhaySource = z.strictObject({
  kind: z.literal('summhay'),
  /** JSON files (plain or .gz), one topic each. */
  topics: z.array(filePath).min(1),
});

export const Source = z.discriminatedUnion('kind', [MiniatureSource, NqOpenSource, MusiqueSource, SummhaySource]);
export type Source = z.infer<typeof Source>;

export const Examples = z.strictObject({
  /** Training examples of a condition, before the train/validation split (paper, C.1: 1400/400/400). */
  total: z.int().min(2).default(1400),
  /** Share of `total` kept for validation, on which heads are scored (paper, C.1: 10 %). */
  validationShare: z.number().gt(0).lt(1).default(0.1),
  /** Questions of the real test split, disjoint from the training questions. */
  test: z.int().min(1).default(200),
});

export const TaskSpec = z.strictObject({
  task: Task,
  source: Source,
  /** Length of every prompt, in tokens of the model under test. Never exceeded. */
  contextTokens: z.int().min(64).max(1_048_576).default(32_768),
  examples: Examples.prefault({}),
  /** Questions of MDQA's condition `limited` (paper, C.1): those with who, when or where; with when or where; with who. MuSiQue's are all of triples. */
  limited: z.enum(['L1', 'L2', 'L3']).default('L1'),
  /** Strings in each list of SummHay's condition `symbolic` (paper, section 3.2: 180); fewer for a tiny model. */
  listLength: z.int().min(1).max(10_000).default(180),
});
export type TaskSpec = z.infer<typeof TaskSpec>;

/** A folder with config.json, safetensors weights and tokenizer.json, imported into the artifact store. */
export const FolderBase = z.strictObject({ kind: z.literal('folder'), path: filePath });

/**
 * A tiny Llama-style base made by the sweep itself: a byte-level BPE vocabulary and weights, both trained on
 * the source corpus of the task, at short context.
 */
export const PretrainedBase = z.strictObject({
  kind: z.literal('pretrain'),
  /** Task whose source rows are the corpus. */
  corpus: Task,
  vocabularySize: z.int().min(300).max(200_000).default(4096),
  layers: z.int().min(1).max(64).default(4),
  hiddenSize: z.int().min(16).max(8192).default(128),
  attentionHeads: z.int().min(1).max(128).default(8),
  keyValueHeads: z.int().min(1).max(128).default(4),
  feedForwardSize: z.int().min(16).max(32_768).default(256),
  ropeTheta: z.number().positive().default(10_000),
  contextTokens: z.int().min(16).default(256),
  steps: z.int().min(1).default(300),
  tokensPerStep: z.int().min(16).default(2048),
  learningRate: z.number().positive().default(3e-3),
  /** Start with an induction circuit set by hand, trained on copying random tokens for `copyingSteps` first. The report says so. */
  seededInduction: z.boolean().default(false),
  copyingSteps: z.int().min(0).default(200),
});

export const Base = z.discriminatedUnion('kind', [FolderBase, PretrainedBase]);

export const ModelSpec = z.strictObject({
  /** Name of the model in tables, ids and search attributes. */
  model: slug,
  base: Base,
  /** RoPE theta after extension (paper, section 2.2: 6315088 for Llama-3-8B-Instruct, 59300 for Mistral-7B). */
  ropeTheta: z.number().positive(),
  dtype: z.enum(['float32', 'bfloat16']).default('float32'),
  device: z.enum(['cpu', 'cuda', 'auto']).default('cpu'),
});
export type ModelSpec = z.infer<typeof ModelSpec>;

/** LoRA fine-tuning (paper, C.3: r=8, alpha=8, batch 1 with 4 accumulation steps; the rest is not stated there). */
export const TrainSpec = z.strictObject({
  loraRank: z.int().min(1).default(8),
  loraAlpha: z.number().positive().default(8),
  targetModules: z.enum(['attention', 'all']).default('attention'),
  learningRate: z.number().positive().default(2e-4),
  schedule: z.enum(['cosine', 'linear', 'constant']).default('cosine'),
  warmupShare: z.number().min(0).lt(1).default(0.03),
  epochs: z.int().min(1).default(1),
  batchSize: z.int().min(1).default(1),
  accumulationSteps: z.int().min(1).default(4),
  maxGradNorm: z.number().positive().default(1),
  /** Tokens that carry loss: the answer (and the end-of-sequence token), or the whole sequence. */
  loss: z.enum(['answer', 'sequence']).default('answer'),
});
export type TrainSpec = z.infer<typeof TrainSpec>;

export const EvaluateSpec = z.strictObject({
  /** Greedy decoding stops at the end-of-sequence token or after this many tokens. */
  maxNewTokens: z.int().min(1).max(1024).default(32),
});
export type EvaluateSpec = z.infer<typeof EvaluateSpec>;

/** Head scoring, Eq. 1 and Eq. 2 of the paper; defaults as in the README's table of open choices. */
export const ScoreSpec = z.strictObject({
  decode: z.enum(['greedy', 'teacher-forced']).default('greedy'),
  gate: z.enum(['none', 'correct']).default('none'),
  counting: z.enum(['set', 'multiset']).default('set'),
  answerSpans: z.enum(['needle', 'all']).default('needle'),
});
export type ScoreSpec = z.infer<typeof ScoreSpec>;

/** Masking the top-k retrieval heads and k random ones (paper, section 4.2 and Figure 3). */
export const MaskSpec = z.strictObject({
  k: z.array(z.int().min(1)).min(1).default([10, 20, 50, 100]),
  randomDraws: z.int().min(1).max(100).default(3),
  /** Layers the random draws leave out; the top-k heads are always left out of them. */
  randomExcludesLayers: z.array(z.int().nonnegative()).default([]),
  /** Test questions used; the whole test split where absent. */
  examples: z.int().min(1).optional(),
});
export type MaskSpec = z.infer<typeof MaskSpec>;

/**
 * A sweep: the grid tasks × models × conditions and the settings all its cells share.
 * Same spec and seed give the same artifacts, byte for byte.
 */
export const SweepSpec = z.strictObject({
  name: slug,
  /** Shown at the head of the report. */
  description: z.string().max(2000).default(''),
  seed: z.int().min(0).max(2 ** 31 - 1).default(0),
  tasks: z.array(TaskSpec).min(1),
  models: z.array(ModelSpec).min(1),
  conditions: z.array(Condition).min(1),
  baselines: z.array(Baseline).default(['untuned', 'untuned-scaled']),
  train: TrainSpec.prefault({}),
  evaluate: EvaluateSpec.prefault({}),
  score: ScoreSpec.prefault({}),
  /** Absent: no masking stage. */
  mask: MaskSpec.optional(),
});
export type SweepSpec = z.infer<typeof SweepSpec>;
/** What a researcher may leave out, before the defaults are filled in. */
export type SweepSpecInput = z.input<typeof SweepSpec>;
