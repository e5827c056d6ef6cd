/** What a sweep says of itself: the `progress` query and the result. */
import { z } from 'zod';
import { Stage, Summary } from './artifacts.ts';
import { Baseline, Condition, Task } from './experiment.ts';

export const CellStatus = z.enum(['waiting', 'running', 'done', 'failed']);
export type CellStatus = z.infer<typeof CellStatus>;

export const Failure = z.strictObject({ stage: z.string(), type: z.string(), message: z.string() });
export type Failure = z.infer<typeof Failure>;

/** One cell or baseline as the sweep knows it. */
export const CellProgress = z.strictObject({
  /** `task/model/condition` or `task/model/baseline`. */
  id: z.string(),
  task: Task,
  model: z.string(),
  condition: z.union([Condition, Baseline]),
  status: CellStatus,
  /** Stage that runs now, or last ran. */
  stage: Stage.nullable(),
  stagesDone: z.int().nonnegative(),
  stagesTotal: z.int().positive(),
  /** Stages of which the artifact was there already. */
  stagesReused: z.int().nonnegative(),
  /** Token F1 on the real test split, once known. */
  f1: z.number().nullable(),
  /** Heads with a positive retrieval score, once known. */
  retrievalHeads: z.number().nullable(),
  /** Workflow of the cell, while it has one. */
  workflowId: z.string().nullable(),
  failure: Failure.nullable(),
});
export type CellProgress = z.infer<typeof CellProgress>;

export const SweepProgress = z.strictObject({
  sweep: z.string(),
  status: z.enum(['planning', 'running', 'reporting', 'done', 'failed', 'cancelled']),
  counts: z.strictObject({ waiting: z.int(), running: z.int(), done: z.int(), failed: z.int() }),
  stages: z.strictObject({ done: z.int(), total: z.int(), reused: z.int(), ran: z.int() }),
  /** Stages that cells share (sources, base models, test splits). */
  shared: z.array(z.strictObject({ name: z.string(), status: CellStatus, reused: z.boolean() })),
  cells: z.array(CellProgress),
});
export type SweepProgress = z.infer<typeof SweepProgress>;

/** Signal from a cell to its sweep: a stage began, or ended. */
export const StageEvent = z.strictObject({
  cell: z.string(),
  stage: Stage,
  state: z.enum(['running', 'done']),
  reused: z.boolean(),
  summary: Summary,
});
export type StageEvent = z.infer<typeof StageEvent>;

/** Result of the sweep workflow. `partial`: some cells failed; the report says which, and why. */
export const SweepResult = z.strictObject({
  sweep: z.string(),
  status: z.enum(['complete', 'partial']),
  /** Stages that ran in this execution; 0 where everything was there already. */
  stagesRun: z.int().nonnegative(),
  stagesReused: z.int().nonnegative(),
  failures: z.array(Failure.extend({ cell: z.string() })),
  report: z.strictObject({ key: z.string(), file: z.string(), resultsFile: z.string() }),
  cells: z.array(CellProgress),
});
export type SweepResult = z.infer<typeof SweepResult>;
