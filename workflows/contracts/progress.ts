/** What a sweep says of itself: its queries, the signals that keep it informed, and its result. */
import { z } from 'zod';
import { ArtifactKey, Stage, StageResult, Summary } from './artifacts.ts';
import { Baseline, Condition, Task } from './experiment.ts';
import { Steering } from './steering.ts';

/** A list. The Temporal CLI prints an empty one as null. */
function list<T extends z.ZodType>(item: T) {
  return z
    .array(item)
    .nullable()
    .transform((items) => items ?? []);
}

/** `blocked`: something failed for good and waits for a person. `skipped`: a person gave it up. `failed`: it was given up with the sweep. */
export const CellStatus = z.enum(['waiting', 'running', 'blocked', 'done', 'skipped', 'failed']);
export type CellStatus = z.infer<typeof CellStatus>;

/** Why a stage failed for good. The message names the cell, the stage and the cause; the remedy says what can be done. */
export const Failure = z.strictObject({ stage: z.string(), type: z.string(), message: z.string(), remedy: z.string() });
export type Failure = z.infer<typeof Failure>;

/** How far a running stage is, as its worker last told; between such news lie at least half a minute and a tenth of the work. */
export const StageAdvance = z.strictObject({
  phase: z.string(),
  done: z.number(),
  total: z.number(),
  unit: z.string(),
  percent: z.number().min(0).max(100).nullable(),
  /** When the phase will be over if it goes on at this pace (ISO 8601); null while that is not known. */
  endsAbout: z.iso.datetime().nullable(),
  /** What is measured as it runs, such as the loss. */
  metrics: Summary,
  /** Last lines of the log. */
  log: list(z.string()),
});
export type StageAdvance = z.infer<typeof StageAdvance>;

/** One cell or baseline as the sweep knows it. */
export const CellProgress = z.strictObject({
  /** `task/model/condition` or `task/model/baseline`, then variant and seed where the sweep has several. */
  id: z.string(),
  task: Task,
  model: z.string(),
  condition: z.union([Condition, Baseline]),
  /** In which other way it is tuned; null for baselines, and for what is tuned as the spec's own `train` says. */
  variant: z.string().nullable(),
  /** Seed of tuning, where the sweep has several. */
  seed: z.int().nullable(),
  status: CellStatus,
  /** Stage that runs now, or last ran. */
  stage: Stage.nullable(),
  stagesDone: z.int().nonnegative(),
  stagesTotal: z.int().positive(),
  /** Stages of which the artifact was there already. */
  stagesReused: z.int().nonnegative(),
  /** Running stages with what is known of their progress; null until there are news. */
  running: z.partialRecord(Stage, StageAdvance.nullable()),
  /** Token F1 on the real test split, once known. */
  f1: z.number().nullable(),
  /** Heads with a positive retrieval score, once known. */
  retrievalHeads: z.number().nullable(),
  /** Finished stages and where their artifacts lie, below `artifactsAt` of the sweep. */
  artifacts: z.partialRecord(Stage, z.string()),
  /** Workflow of the cell, while it has one. */
  workflowId: z.string().nullable(),
  /** What blocks the cell, or why parts of it were given up. */
  failures: list(Failure),
});
export type CellProgress = z.infer<typeof CellProgress>;

/** Answer of a cell's own workflow to the `progress` query. */
export const OneCellProgress = z.strictObject({
  cell: z.string(),
  status: z.union([CellStatus, z.literal('cancelled')]),
  running: z.partialRecord(Stage, StageAdvance.nullable()),
  blocked: list(Failure),
  done: z.partialRecord(Stage, z.strictObject({ artifact: z.string(), summary: Summary })),
});
export type OneCellProgress = z.infer<typeof OneCellProgress>;

const Dollars = z.number().nonnegative();

export const SweepStatus = z.enum(['planning', 'running', 'paused', 'blocked', 'reporting', 'done', 'failed', 'cancelled']);
export type SweepStatus = z.infer<typeof SweepStatus>;

/** What the queries `progress` and `plan` may be asked about: cells and baselines by their ids; left out: all. */
export const CellsQuery = z.strictObject({ cells: z.array(z.string().min(1)).min(1).optional() });
export type CellsQuery = z.infer<typeof CellsQuery>;

/** Answer to the `progress` query. Of a sweep with more than a thousand units, artifacts are told of those cells only that it was asked about. */
export const SweepProgress = z.strictObject({
  sweep: z.string(),
  status: SweepStatus,
  /** What a sweep waits for that is paused or blocked, or of which nobody does the trainer jobs. */
  waitingFor: z.string().nullable(),
  steering: Steering,
  counts: z.strictObject({ waiting: z.int(), running: z.int(), blocked: z.int(), done: z.int(), skipped: z.int(), failed: z.int() }),
  stages: z.strictObject({ done: z.int(), total: z.int(), reused: z.int(), ran: z.int() }),
  /**
   * What the stages that this run made have cost: dollars paid for LLM calls, hours of trainer jobs, what these cost on GPUs (null
   * without `gpuHourDollars` in the spec), and all dollars together.
   */
  cost: z.strictObject({ dollars: Dollars, llmDollars: Dollars, gpuDollars: Dollars.nullable(), trainerHours: z.number().nonnegative() }),
  /** URL of the folder of all artifacts; null while it is not known. */
  artifactsAt: z.string().nullable(),
  /** Stages that cells share (sources, written texts, base models, test splits). */
  shared: list(z.strictObject({ name: z.string(), status: CellStatus, reused: z.boolean(), advance: StageAdvance.nullable(), failure: Failure.nullable() })),
  cells: list(CellProgress),
});
export type SweepProgress = z.infer<typeof SweepProgress>;

/** Answer to the `failures` query: everything that blocks, or was given up. */
export const SweepFailures = list(Failure.extend({ cell: z.string(), status: CellStatus }));
export type SweepFailures = z.infer<typeof SweepFailures>;

/** Answer to the `plan` query: the DAG with every artifact's key. */
export const SweepPlan = z.strictObject({
  units: z.array(
    z.strictObject({
      id: z.string(),
      stages: z.array(z.strictObject({ role: z.string(), stage: Stage, key: ArtifactKey, state: z.enum(['waiting', 'running', 'blocked', 'done', 'reused', 'given up']), needs: list(z.string()) })),
    }),
  ),
  /** Units of the sweep that are not among these: where there are many, ask about some. */
  notTold: z.int().nonnegative(),
  /** Cells of the grid that cannot exist, with the reason. */
  skipped: z.record(z.string(), z.string()),
});
export type SweepPlan = z.infer<typeof SweepPlan>;

const ofStage = { cell: z.string(), stage: Stage };

/** Signal from a cell to its sweep: a stage began (`again`: it had ended, and is made anew where its artifact is gone), is somewhat further, ended, or failed for good. */
export const StageEvent = z.discriminatedUnion('state', [
  z.strictObject({ ...ofStage, state: z.literal('running'), again: z.literal(true).optional() }),
  z.strictObject({ ...ofStage, state: z.literal('advanced'), advance: StageAdvance }),
  z.strictObject({ ...ofStage, state: z.literal('done'), result: StageResult }),
  z.strictObject({ ...ofStage, state: z.literal('blocked'), failure: Failure }),
]);
export type StageEvent = z.infer<typeof StageEvent>;

/** Signal from a running activity to its workflow. */
export const StageNews = z.strictObject({ key: ArtifactKey, advance: StageAdvance });
export type StageNews = z.infer<typeof StageNews>;

/** Result of the sweep workflow. `partial`: some cells were given up, wholly or in part; the report says which, and why. */
export const SweepResult = z.strictObject({
  sweep: z.string(),
  status: z.enum(['complete', 'partial']),
  /** Stages that ran in this execution; 0 where everything was there already. */
  stagesRun: z.int().nonnegative(),
  stagesReused: z.int().nonnegative(),
  failures: list(Failure.extend({ cell: z.string() })),
  report: z.strictObject({ key: z.string(), file: z.string(), resultsFile: z.string() }),
  cells: z.array(CellProgress.omit({ running: true, artifacts: true, failures: true })),
});
export type SweepResult = z.infer<typeof SweepResult>;
