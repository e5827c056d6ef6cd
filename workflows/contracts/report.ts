/**
 * What a sweep found: everything the report shows, computed from artifacts alone (artifact `report`, `results.json`).
 * The same artifacts give the same `SweepResults`, byte for byte, save for `reused`, which belongs to a run and is null
 * wherever results are rebuilt from artifacts.
 */
import { z } from 'zod';
import { Agreement } from './agreement.ts';
import { ArtifactKey, Stage } from './artifacts.ts';
import { DatasetCard } from './dataset.ts';
import { Baseline, Condition, Task } from './experiment.ts';
import { Inspection } from './inspection.ts';
import { Masking, Patching } from './results.ts';
import { ModelSpec, SweepSpec, VariantSpec } from './spec.ts';
import { TraceRef } from './trace.ts';

/** A part may fail, or not have been run, while the others stand. */
export const ResultStatus = z.enum(['done', 'failed', 'missing']);
export type ResultStatus = z.infer<typeof ResultStatus>;

/** A mean over examples with its 95 % bootstrap interval (methods.bootstrap). */
export const Interval = z.strictObject({ mean: z.number(), low: z.number(), high: z.number() });
export type Interval = z.infer<typeof Interval>;

/** One stage behind a result, as its artifact's manifest tells it. */
export const StageFacts = z.strictObject({
  stage: Stage,
  key: ArtifactKey,
  /** Hash over the names and contents of its files (SHA-256, the first 32 digits): of the same key, another one where it was made anew and came out different. Null where it is not known, as in reports that were written before they told it. */
  content: z.string().nullable().default(null),
  status: ResultStatus,
  /** Wall-clock seconds of the work that made the artifact. */
  seconds: z.number().nonnegative().nullable(),
  /** Tokens that the stage read through the model. */
  tokens: z.int().nonnegative().nullable(),
  /** Whether this run found the artifact already there; null when results are rebuilt from artifacts alone. */
  reused: z.boolean().nullable(),
});
export type StageFacts = z.infer<typeof StageFacts>;

/** Why a part is not (wholly) there; null exactly where its status is `done`. */
const reason = z.string().min(1).nullable();

/** One line of a trainer's `steps.jsonl`, reduced to what is drawn. */
export const LossPoint = z.strictObject({ step: z.int().nonnegative(), loss: z.number() });
export type LossPoint = z.infer<typeof LossPoint>;

/** How well a model answers the real test split. */
export const Evaluation = z.strictObject({
  examples: z.int().positive(),
  f1: Interval,
  exactMatch: Interval,
  /** Mean of (this model's F1 − F1 of the model tuned on real data) over the same questions; null without the latter. */
  f1MinusReal: Interval.nullable(),
});
export type Evaluation = z.infer<typeof Evaluation>;

/** The heads of a tuned model, scored on the validation split of its own data (paper, section 4.1). */
export const HeadFindings = z.strictObject({
  layers: z.int().positive(),
  heads: z.int().positive(),
  examples: z.int().nonnegative(),
  /** Which score makes a head count for this task: Eq. 1, or Eq. 2 for SummHay Citation. */
  kind: z.enum(['retrieval', 'insight']),
  /** Eq. 1, `[layer][head]`, mean over examples. */
  retrieval: z.array(z.array(z.number())),
  /** Eq. 2, `[layer][head]`, mean over examples. */
  insight: z.array(z.array(z.number())),
  /** F1 of the answers that were scored; null where the true ones were forced. */
  ownF1: z.number().nullable(),
  /** Heads with a positive score of `kind`. */
  positive: z.int().nonnegative(),
  /** |H_cell ∩ H_real| / |H_real| (Tables 5–10, first column); null without a real cell or without real heads. */
  recall: z.number().nullable(),
  /** Cosine of this cell's score vector with the real cell's (Figure 4); null without a real cell or with all scores zero. */
  cosine: z.number().nullable(),
});
export type HeadFindings = z.infer<typeof HeadFindings>;

/** What patching did to a model's answers (Table 3). */
export const PatchingFindings = z.strictObject({
  ...Patching.shape,
  /** By kind of set, the mean over draws for random ones; null where nothing was patched. */
  f1: z.strictObject({ complement: z.number().nullable(), intersection: z.number().nullable(), random: z.number().nullable() }),
  /** Best of `f1` minus the unpatched F1. */
  delta: z.number().nullable(),
});
export type PatchingFindings = z.infer<typeof PatchingFindings>;

export const CellResults = z.strictObject({
  condition: Condition,
  status: ResultStatus,
  reason,
  stages: z.array(StageFacts),
  /** The condition's own training and validation examples. */
  dataset: DatasetCard.nullable(),
  training: z.strictObject({ loss: z.array(LossPoint) }).nullable(),
  evaluation: Evaluation.nullable(),
  heads: HeadFindings.nullable(),
  /** Where its heads looked in a few examples; null where they were not scored. */
  inspection: Inspection.nullable(),
  masking: Masking.nullable(),
  patching: PatchingFindings.nullable(),
  /** Why patching is not there although the cell itself is; null elsewhere. */
  patchingReason: reason,
});
export type CellResults = z.infer<typeof CellResults>;

export const BaselineResults = z.strictObject({
  baseline: Baseline,
  status: ResultStatus,
  reason,
  stages: z.array(StageFacts),
  evaluation: Evaluation.nullable(),
});
export type BaselineResults = z.infer<typeof BaselineResults>;

/** What every model of a setting wrote for one question of the real test split. */
export const PredictionSample = z.strictObject({
  id: z.string().min(1),
  question: z.string(),
  answers: z.array(z.string()),
  outputs: z.array(
    z.strictObject({
      /** The condition the model was tuned on, or the baseline it is. */
      by: z.union([Condition, Baseline]),
      text: z.string(),
      f1: z.number(),
      exactMatch: z.number(),
      stoppedBy: z.enum(['eos', 'length']),
    }),
  ),
});
export type PredictionSample = z.infer<typeof PredictionSample>;

/** Two conditions that should differ in one dimension only, held against each other example by example. */
export const SiblingCheck = z.strictObject({
  conditions: z.tuple([Condition, Condition]),
  /** In what they should differ. */
  dimension: z.enum(['expression', 'diversity']),
  /** Rows that both have an example of, and those that only one has, since the other one's texts could not be had. */
  shared: z.int().nonnegative(),
  alone: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
  /** Shared rows that are asked in the same words, and those with the same needles. */
  sameQuestion: z.int().nonnegative(),
  sameNeedles: z.int().nonnegative(),
  /** Mean share of padding in the contexts of each. */
  padding: z.tuple([z.number(), z.number()]),
  /** Whether they differ as they should and are alike otherwise. */
  holds: z.boolean(),
  /** What the paper itself has differ beside the dimension; null where nothing. */
  exception: z.string().nullable(),
});
export type SiblingCheck = z.infer<typeof SiblingCheck>;

/** One task with one model, tuned in one way from one seed: the unit of the paper's tables. */
export const SettingResults = z.strictObject({
  task: Task,
  model: ModelSpec.shape.model,
  /** In which other way its cells are tuned; absent: as the spec's own `train` says. */
  variant: VariantSpec.shape.variant.optional(),
  /** Seed of tuning, where the sweep has several. */
  seed: z.int().nonnegative().optional(),
  /** The real test split that every model of the setting answers. */
  test: z.strictObject({ stages: z.array(StageFacts), dataset: DatasetCard.nullable() }),
  baselines: z.array(BaselineResults),
  cells: z.array(CellResults),
  siblings: z.array(SiblingCheck),
  predictions: z.array(PredictionSample),
});
export type SettingResults = z.infer<typeof SettingResults>;

/** Where a task's questions come from. */
export const SourceFacts = z.strictObject({
  task: Task,
  kind: z.enum(['miniature', 'nq-open', 'musique', 'summhay', 'examples', 'rows']),
  status: ResultStatus,
  stages: z.array(StageFacts),
  /** Questions and further passages that were imported; null while the source is not there. */
  rows: z.strictObject({ train: z.int().nonnegative(), test: z.int().nonnegative(), pool: z.int().nonnegative() }).nullable(),
  /** Input rows that gave no question, by reason. */
  dropped: z.record(z.string(), z.int().positive()),
  /** Licence of the questions and passages, as a sentence. */
  licence: z.string().nullable(),
});
export type SourceFacts = z.infer<typeof SourceFacts>;

/** What a base model is and how it came to be. */
export const BaseFacts = z.strictObject({
  model: ModelSpec.shape.model,
  kind: z.enum(['folder', 'hub', 'pretrain']),
  status: ResultStatus,
  stages: z.array(StageFacts),
  parameters: z.int().positive().nullable(),
  /** From the base's own config.json; null while the base is not there, and what config.json leaves to its family. */
  architecture: z
    .strictObject({
      layers: z.int().positive(),
      hiddenSize: z.int().positive(),
      attentionHeads: z.int().positive().nullable(),
      keyValueHeads: z.int().positive().nullable(),
      vocabularySize: z.int().positive().nullable(),
      ropeTheta: z.number().positive().nullable(),
    })
    .nullable(),
  /** A sentence on how the weights were made, e.g. "Pretrained by this sweep on its own corpus." */
  origin: z.string().nullable(),
  /** What about its induction heads was put in by hand before training, as a sentence; null where nothing was. */
  seededInduction: z.string().nullable(),
  /** Loss of the sweep's own pretraining; null for an imported base. */
  pretraining: z.strictObject({ loss: z.array(LossPoint) }).nullable(),
});
export type BaseFacts = z.infer<typeof BaseFacts>;

/** Spearman's rank correlation; `rho` and `p` are null where there is none, `p` is two-sided and exact (all pairings), of more than ten cells by 100,000 drawn pairings. */
export const Correlation = z.strictObject({ rho: z.number().min(-1).max(1).nullable(), p: z.number().gt(0).max(1).nullable(), n: z.int().nonnegative() });
export type Correlation = z.infer<typeof Correlation>;

/** Which cells enter a correlation: all; all but real data, whose recall is 1 by definition; those with synthetic data. */
export const CorrelatedRows = z.enum(['all', 'withoutReal', 'synthetic']);
export type CorrelatedRows = z.infer<typeof CorrelatedRows>;

/** How well a setting's overlap of heads goes with F1 on the real test split (Tables 4–10, Figure 4). */
export const SettingCorrelations = z.strictObject({
  task: Task,
  model: ModelSpec.shape.model,
  variant: VariantSpec.shape.variant.optional(),
  seed: z.int().nonnegative().optional(),
  rows: CorrelatedRows,
  recall: Correlation,
  cosine: Correlation,
});
export type SettingCorrelations = z.infer<typeof SettingCorrelations>;

/** One number of the paper's tables beside the sweep's own. `group`, `row` and `column` say where it is printed, and name it within its table. */
export const ComparedCell = z.strictObject({
  /** Heading over several rows: the task, in tables that have rows of several; null elsewhere. */
  group: z.string().min(1).nullable(),
  row: z.string().min(1),
  column: z.string().min(1),
  paper: z.number(),
  /** Mean over the sweep's seeds that have a value; null where none has, with the reason. */
  ours: z.number().nullable(),
  /** Seeds behind `ours`. */
  seeds: z.int().nonnegative(),
  /** Ours − paper. */
  difference: z.number().nullable(),
  reason,
  /** Where the paper contradicts itself on this cell. */
  note: z.string().min(1).nullable(),
  /** Decimals that the paper prints. */
  digits: z.int().min(0).max(3),
  /** What `ours` was computed from, seed by seed. */
  from: z.array(TraceRef),
});
export type ComparedCell = z.infer<typeof ComparedCell>;

/** One of the paper's tables beside what the sweep found with one of its models. */
export const ComparedTable = z.strictObject({
  table: z.int().min(1).max(19),
  caption: z.string().min(1),
  /** What is to be known of the paper's table as a whole. */
  notes: z.array(z.string().min(1)),
  /** The sweep's model, and the paper's that it is held against. */
  model: ModelSpec.shape.model,
  paperModel: z.enum(['llama3', 'mistral']),
  variant: VariantSpec.shape.variant.optional(),
  /** Row by row, as the paper prints them. */
  cells: z.array(ComparedCell),
});
export type ComparedTable = z.infer<typeof ComparedTable>;

export const SweepResults = z.strictObject({
  schemaVersion: z.literal(5),
  name: SweepSpec.shape.name,
  description: z.string(),
  /** The spec with its defaults filled in: the settings actually used. */
  spec: SweepSpec,
  sources: z.array(SourceFacts),
  bases: z.array(BaseFacts),
  settings: z.array(SettingResults),
  correlations: z.array(SettingCorrelations),
  /** How well ranking training data by head overlap, as the advisor does, would have agreed with F1. */
  advisor: Agreement,
  /** The paper's tables that the sweep has at least one cell of. */
  paper: z.strictObject({ citation: z.string().min(1), tables: z.array(ComparedTable) }),
  methods: z.strictObject({
    bootstrap: z.strictObject({ resamples: z.int().positive(), level: z.number().gt(0).lt(1), seed: z.int().nonnegative() }),
  }),
  /** Versions of needlework, node, torch, transformers, trl, peft, …, by name. */
  versions: z.record(z.string(), z.string()),
});
export type SweepResults = z.infer<typeof SweepResults>;
