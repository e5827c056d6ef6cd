/**
 * The sweep spec: what a researcher writes and hands to `temporal workflow start --type sweep`.
 * Every object is strict, so a misspelt key is refused; every default is the paper's or, where the paper is
 * silent, the documented choice of the project (README, "Choices the paper leaves open").
 */
import { z } from 'zod';
import { Baseline, Condition, LimitedSubset, Task } from './experiment.ts';
import { RunSpec } from './run.ts';
import { CellsLeftOut, ForceSpec, OnlyThese } from './selectors.ts';
import { Seed, slug } from './slug.ts';
import { SourceFile } from './source-file.ts';

/** Source rows the project authors itself, for any task: a small world of invented people, places and organisations. */
export const MiniatureSource = z.strictObject({ kind: z.literal('miniature') });

/** *Lost in the Middle* questions over NQ-Open, with an optional pool of passages for further distractors. */
export const NqOpenSource = z.strictObject({
  kind: z.literal('nq-open'),
  /** JSONL (plain or .gz): question, answers, ctxs with isgold/hasanswer. */
  questions: SourceFile,
  /** JSONL (plain or .gz): title, text. */
  pool: SourceFile.optional(),
});

/** MuSiQue questions; their linear three-hop rows (`3hop1__…`) are used. */
export const MusiqueSource = z.strictObject({
  kind: z.literal('musique'),
  /** JSONL files (plain or .gz) in MuSiQue's own format: id, question, answer, question_decomposition, paragraphs. */
  questions: z.array(SourceFile).min(1),
  /** JSONL (plain or .gz): title and paragraph_text (or text). Gives rows that come with fewer distractors the usual number. */
  pool: SourceFile.optional(),
});

/** Summary of a Haystack: one file per topic, with its subtopics, insights and documents. */
export const SummhaySource = z.strictObject({
  kind: z.literal('summhay'),
  /** JSON files (plain or .gz), one topic each. */
  topics: z.array(SourceFile).min(1),
});

/** Finished examples of one's own, for any task: condition `real` alone, whatever they are. */
export const ExamplesSource = z.strictObject({
  kind: z.literal('examples'),
  /** JSONL (plain or .gz), lines of `GivenExample` (source.ts): at most `examples.total` of them are used, for training and validation. */
  examples: SourceFile,
  /** The same for the test split, at most `examples.test`. Absent: nothing is evaluated, masked or patched. */
  test: SourceFile.optional(),
});

/** Rows of a task of one's own, JSONL (plain or .gz) in the form that the task says (workflows/tasks). */
export const RowsSource = z.strictObject({ kind: z.literal('rows'), train: SourceFile, test: SourceFile });

export const Source = z.discriminatedUnion('kind', [MiniatureSource, NqOpenSource, MusiqueSource, SummhaySource, ExamplesSource, RowsSource]);
export type Source = z.infer<typeof Source>;

/** How a dense retriever ranks the passages of a pool; the defaults are Contriever's own settings (Izacard et al. 2022). */
export const RankSpec = z.strictObject({
  /** Passages kept per question, by default more than 32K tokens hold; those behind them stand in the order of BM25. */
  top: z.int().min(1).max(100_000).default(500),
  /** A longer question or passage is cut off here, special tokens included. */
  maxTokens: z.int().min(2).max(65_536).default(512),
  batchSize: z.int().min(1).max(4096).default(32),
  /** Of two vectors: their dot product, or the cosine of their angle for encoders that were trained so. */
  similarity: z.enum(['dot', 'cosine']).default('dot'),
  /** Text before every question and every passage, for encoders that were trained with one; Contriever has none. */
  questionPrefix: z.string().default(''),
  passagePrefix: z.string().default(''),
});
export type RankSpec = z.infer<typeof RankSpec>;

/** Lexical ranking, built in (minisearch). */
export const Bm25Retriever = z.strictObject({ kind: z.literal('bm25') });

/**
 * Dense ranking by a trainer job: question and passage (title and text) become the mean of the encoder's last hidden states.
 * The encoder is Contriever, or any other that is read in the same way.
 */
export const ContrieverRetriever = z.strictObject({
  kind: z.literal('contriever'),
  model: z.strictObject({
    /** Name of the encoder in the report; not part of any key. */
    name: z.string().min(1).max(200).default('facebook/contriever'),
    /** Folder with config.json, tokenizer.json and weights (safetensors, or pytorch_model.bin), on the disk of every worker. */
    path: z.string().min(1),
  }),
  ...RankSpec.shape,
  dtype: z.enum(['float32', 'bfloat16']).default('float32'),
  device: z.enum(['cpu', 'cuda', 'auto']).default('cpu'),
});

/** What picks further distractors from a source's pool. */
export const Retriever = z.discriminatedUnion('kind', [Bm25Retriever, ContrieverRetriever]);
export type Retriever = z.infer<typeof Retriever>;

/** Of `examples.spareShare`. */
export const SPARE_SHARE = 0.1;

export const Examples = z.strictObject({
  /** Training examples of a condition, before the train/validation split (paper, C.1: 1400 of MDQA, 400 of MuSiQue and SummHay; paper-sizes.ts). */
  total: z.int().min(2).default(1400),
  /** Share of `total` kept for validation, on which heads are scored (paper, C.1: 10 %). */
  validationShare: z.number().gt(0).lt(1).default(0.1),
  /** Questions of the real test split, disjoint from the training questions. */
  test: z.int().min(1).default(200),
  /**
   * Spare rows of either split, as a share of those asked for, where the source has so many: one takes the place of a row that
   * does not fit its context, or whose texts an LLM could not write.
   */
  spareShare: z.number().min(0).max(10).default(SPARE_SHARE),
});

export const TaskSpec = z.strictObject({
  task: Task,
  source: Source,
  /** Length of every prompt, in tokens of the model under test. Never exceeded. */
  contextTokens: z.int().min(64).max(1_048_576).default(32_768),
  examples: Examples.prefault({}),
  /** How passages of the source's pool are chosen as further distractors (paper, section 2.2); one that contains an answer never is. */
  retriever: Retriever.prefault({ kind: 'bm25' }),
  /** Questions of MDQA's condition `limited` (paper, C.1): those with who, when or where; with when or where; with who. MuSiQue's are all of triples. */
  limited: LimitedSubset.default('L1'),
  /** Hops of MuSiQue's questions (paper, section 2.2: three); two only of the miniature source. */
  hops: z.literal([2, 3]).default(3),
  /** Entries of each dictionary of MuSiQue's condition `symbolic` (Figure 5 shows ten or so); fewer for a tiny model. */
  dictionaryEntries: z.int().min(1).max(20).default(10),
  /** Documents of a SummHay context (paper, section 2.2: ten), two of which are to be cited; fewer for a tiny model. */
  documents: z.int().min(3).max(10).default(10),
  /** Strings in each list of SummHay's condition `symbolic` (paper, section 3.2: 180); fewer for a tiny model. */
  listLength: z.int().min(1).max(10_000).default(180),
  /** SummHay's documents are numbered by draws without replacement from 1 to this: the paper's example cites [24] and [27] among ten. */
  highestDocumentNumber: z.int().min(10).max(9999).default(100),
});
export type TaskSpec = z.infer<typeof TaskSpec>;

/** A folder on the worker's disk with config.json, safetensors weights and tokenizer.json, imported into the artifact store; a relative path starts at the checkout. */
export const FolderBase = z.strictObject({ kind: z.literal('folder'), path: z.string().min(1) });

/** A model of the Hugging Face hub at one commit, which pins its bytes; fetched by a stage of its own. */
export const HubBase = z.strictObject({
  kind: z.literal('hub'),
  id: z.string().regex(/^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/, 'must be org/name'),
  revision: z.string().regex(/^[0-9a-f]{40}$/, "must be a commit of the model's repository: 40 lower-case hexadecimal digits"),
});

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

export const Base = z.discriminatedUnion('kind', [FolderBase, HubBase, PretrainedBase]);

export const ModelSpec = z.strictObject({
  /** Name of the model in tables, ids and search attributes. */
  model: slug,
  base: Base,
  /** RoPE theta after extension (paper, section 2.2: 6315088 for Llama-3-8B-Instruct, 59300 for Mistral-7B). */
  ropeTheta: z.number().positive(),
  /** Sliding window after extension (paper, section 2.2: 16384 for Mistral-7B), of the layers that have one; null: none. Left out: the base's own. */
  slidingWindow: z.int().min(1).nullable().optional(),
  dtype: z.enum(['float32', 'bfloat16']).default('float32'),
  device: z.enum(['cpu', 'cuda', 'auto']).default('cpu'),
});
export type ModelSpec = z.infer<typeof ModelSpec>;

/** The training prompts B.1 and B.2 stand alone (the paper gives them as plain text), or as a user's message in the model's chat template. */
export const PromptSpec = z.strictObject({ format: z.enum(['raw', 'chat']).default('raw') });

export const CHECKPOINT_MINUTES = 15;

const training = {
  loraRank: z.int().min(1),
  loraAlpha: z.number().positive(),
  targetModules: z.enum(['attention', 'all']),
  learningRate: z.number().positive(),
  schedule: z.enum(['cosine', 'linear', 'constant']),
  warmupShare: z.number().min(0).lt(1),
  epochs: z.int().min(1),
  batchSize: z.int().min(1),
  accumulationSteps: z.int().min(1),
  maxGradNorm: z.number().positive(),
  /** Tokens that carry loss: the answer (and the end-of-sequence token), or the whole sequence. */
  loss: z.enum(['answer', 'sequence']),
  /** DeepSpeed's ZeRO, stage 1 or 2 (paper, C.3: "We enable … DeepSpeed"), on trainers that have the package. */
  deepspeed: z.enum(['off', 'zero-1', 'zero-2']),
};

/** LoRA fine-tuning (paper, C.3: r=8, alpha=8, batch 1 with 4 accumulation steps; the rest is not stated there). */
export const TrainSpec = z.strictObject({
  loraRank: training.loraRank.default(8),
  loraAlpha: training.loraAlpha.default(8),
  targetModules: training.targetModules.default('attention'),
  learningRate: training.learningRate.default(2e-4),
  schedule: training.schedule.default('cosine'),
  warmupShare: training.warmupShare.default(0.03),
  epochs: training.epochs.default(1),
  batchSize: training.batchSize.default(1),
  accumulationSteps: training.accumulationSteps.default(4),
  maxGradNorm: training.maxGradNorm.default(1),
  loss: training.loss.default('answer'),
  deepspeed: training.deepspeed.default('off'),
  /** Minutes between checkpoints, from which another worker goes on; they change no result, and so no key. */
  checkpointMinutes: z.number().positive().default(CHECKPOINT_MINUTES),
});
export type TrainSpec = z.infer<typeof TrainSpec>;

/** The cells of the grid once more, tuned in another way, such as with LoRA on all modules (paper, appendix G). */
export const VariantSpec = z.strictObject({
  /** Name of the variant in ids, tables and selectors. */
  variant: slug.regex(/^(?!seed-\d+$)/, 'must not be what cells of a seed are called'),
  /** What differs from the spec's own `train`. */
  train: z.strictObject(training).partial().refine((changes) => Object.keys(changes).length > 0, { error: 'at least one setting of train that differs' }),
});
export type VariantSpec = z.infer<typeof VariantSpec>;

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
  /** Eq. 2 asks that a head's most attended key lies in a needle; under `token` it must also be the token about to be written. */
  insightMatch: z.enum(['position', 'token']).default('position'),
});
export type ScoreSpec = z.infer<typeof ScoreSpec>;

/** Masking the top-k retrieval heads and k random ones (paper, section 4.2 and Figure 3). */
export const MaskSpec = z.strictObject({
  /** `zero`: the heads' outputs are zero, at prefill and decoding. `uniform`: their queries are, at decoding only, so that they attend all keys alike (the published code of Wu et al. 2024). */
  mode: z.enum(['zero', 'uniform']).default('zero'),
  k: z.array(z.int().min(1)).min(1).default([10, 20, 50, 100]),
  randomDraws: z.int().min(1).max(100).default(3),
  /** Layers the random draws leave out; the top-k heads are always left out of them. */
  randomExcludesLayers: z.array(z.int().nonnegative()).default([]),
  /** Test questions used; the whole test split where absent. */
  examples: z.int().min(1).optional(),
});
export type MaskSpec = z.infer<typeof MaskSpec>;

/** Patching outputs of the real-data model's heads into a synthetic-data model (paper, section 5 and Table 3). */
export const PatchSpec = z.strictObject({
  /** The heads that set the real-data model apart: H_real \ H_synth as the paper writes it, or H_real △ H_synth, which gives the N of its Table 3. */
  complement: z.enum(['difference', 'symmetric']).default('difference'),
  /** Which N heads stand for a set that has more: those that score highest on real data, or a seeded sample as in the paper. */
  choice: z.enum(['highest', 'sampled']).default('sampled'),
  randomDraws: z.int().min(1).max(100).default(1),
  /** Test questions used; the whole test split where absent. */
  examples: z.int().min(1).optional(),
});
export type PatchSpec = z.infer<typeof PatchSpec>;

const writing = {
  /** A reply that does not fit its form is asked for again, up to this many tries in all; then its row is dropped and counted. */
  attempts: z.int().min(1).max(20).default(3),
  /** MuSiQue's facts under low concept expression: sentences by prompt A.3, or of a template (paper, section 3.2 and Figure 2). */
  lowFacts: z.enum(['template', 'A.3']).default('template'),
};

/** Deterministic templates in place of an LLM, so that everything runs without a key. Labelled as such wherever its texts are shown. */
export const OfflineWriter = z.strictObject({ provider: z.literal('offline'), ...writing });

const dollars = z.number().nonnegative();

/** Dollars per million tokens. */
export const Price = z.strictObject({ input: dollars, output: dollars });

/** Fields of a request that the other options are about, or that would change the form of the reply. */
const OWN_FIELDS = ['model', 'messages', 'temperature', 'max_tokens', 'max_completion_tokens', 'n', 'stream', 'stream_options', 'tools', 'functions'];

/** Any endpoint that speaks OpenAI's chat completions, at OPENAI_BASE_URL with OPENAI_API_KEY of the worker's environment. */
export const OpenAiWriter = z.strictObject({
  provider: z.literal('openai'),
  ...writing,
  /** The paper's writer (section 3.2). */
  model: z.string().min(1).default('gpt-4o-mini'),
  /** Not stated in the paper; the API's own default. Null: the model's own, for models that take no other. */
  temperature: z.number().min(0).max(2).nullable().default(1),
  maxTokens: z.int().min(16).max(32_768).default(1024),
  /** Further fields of every request that this endpoint knows, such as `{"reasoning_effort": "minimal"}`. Kept in the sweep's history: nothing secret. */
  extra: z
    .record(z.string(), z.json())
    .refine((fields) => Object.keys(fields).every((field) => !OWN_FIELDS.includes(field)), { error: `other fields than ${OWN_FIELDS.join(', ')}` })
    .optional(),
  /** The request's field that holds `maxTokens`. Left out: the one that the endpoint most likely knows, or else the other. Batches try no other. */
  tokensField: z.enum(['max_completion_tokens', 'max_tokens']).optional(),
  /** For one try of a request. */
  timeoutSeconds: z.number().positive().max(300).default(120),
  /** One request each, or the Batch API: hours later, at half the price. */
  mode: z.enum(['online', 'batch']).default('online'),
  /** Requests under way at once, per writing stage; fewer while the endpoint refuses some. */
  concurrency: z.int().min(1).max(512).default(16),
  /** Budgets that all workers share; none where absent. */
  requestsPerMinute: z.int().min(1).optional(),
  tokensPerMinute: z.int().min(1).optional(),
  /** The sweep pauses before it would spend more than this. */
  costCeilingDollars: z.number().positive().optional(),
  /** Needed where the project does not know the model's price. */
  price: Price.optional(),
});
export type OpenAiWriter = z.infer<typeof OpenAiWriter>;

/** Who writes needles and haystacks of the conditions `concept expression / context diversity` (paper, section 3.2). */
export const Writer = z.discriminatedUnion('provider', [OfflineWriter, OpenAiWriter]);
export type Writer = z.infer<typeof Writer>;

/**
 * A sweep: the grid tasks × models × (variants, seeds) × conditions and the settings all its cells share.
 * Same spec and seed give the same artifacts, byte for byte.
 */
export const SweepSpec = z.strictObject({
  name: slug,
  /** Shown at the head of the report. */
  description: z.string().max(2000).default(''),
  /** Seed of all data (rows, contexts, texts) and, without `seeds`, of everything else. */
  seed: Seed.default(0),
  /**
   * Seeds of tuning (the adapter's first weights, the order of examples) and of random heads: every cell once for each, over the
   * same data, which is made once. Absent: `seed` alone.
   */
  seeds: z.array(Seed).min(1).optional(),
  tasks: z.array(TaskSpec).min(1),
  models: z.array(ModelSpec).min(1),
  conditions: z.array(Condition).min(1),
  baselines: z.array(Baseline).default(['untuned', 'untuned-scaled']),
  /** Other ways of tuning, each with cells of its own beside those of `train`. */
  variants: z.array(VariantSpec).min(1).optional(),
  /** Cells of the grid, or stages of cells, that are no part of the sweep. */
  leaveOut: CellsLeftOut.optional(),
  /** Needed by the conditions that are written anew, but for the miniature source, which writes its own. */
  write: Writer.optional(),
  prompt: PromptSpec.prefault({}),
  train: TrainSpec.prefault({}),
  evaluate: EvaluateSpec.prefault({}),
  score: ScoreSpec.prefault({}),
  /** Absent: no masking stage. */
  mask: MaskSpec.optional(),
  /** Absent: no patching stage. */
  patch: PatchSpec.optional(),
  /** Price of one hour of a GPU, in US dollars; null or absent: no dollars but those of LLMs are told. The report shows it, and no other stage reads it. */
  gpuHourDollars: dollars.nullable().optional(),
  /** Absent: its defaults. No part of any key, nor of the report. */
  run: RunSpec.optional(),
  /** What this run is for; absent: all of the sweep. No part of any key. The report shows what there is of the rest. */
  only: OnlyThese.optional(),
  /** What this run makes anew. No part of any key, nor of the report. */
  force: ForceSpec.optional(),
});
export type SweepSpec = z.infer<typeof SweepSpec>;
/** What a researcher may leave out, before the defaults are filled in. */
export type SweepSpecInput = z.input<typeof SweepSpec>;
