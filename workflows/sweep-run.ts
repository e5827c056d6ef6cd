import type { Board } from './board.ts';
import type { StageEvent, SweepResult } from './contracts/progress.ts';
import type { FindResult } from './contracts/requests.ts';
import type { Plan } from './plan/plan.ts';
import type { Fingerprints } from './plan/recipes.ts';
import type { SharedStages } from './shared-stages.ts';
import type { Desk } from './steering/desk.ts';
import type { Healing } from './steering/healing.ts';
import type { StoppedParts } from './stopped-parts.ts';

/** One run of a sweep, as those that run its parts share it. */
export interface SweepRun {
  /** Workflow id of the sweep. */
  name: string;
  plan: Plan;
  /** Of what lies outside the store, which the plan rests on. */
  fingerprints: Fingerprints;
  board: Board;
  desk: Desk;
  shared: SharedStages;
  healing: Healing;
  /** Results of stages that were there before, by key. */
  finished: FindResult;
  /** What waits for a person, or was given up, part by part. */
  stopped: StoppedParts;
  /** Units that an earlier run of the sweep had begun, and this one goes on with. */
  begun: ReadonlySet<string>;
  /** What was given up, in whatever order that was. */
  failures: SweepResult['failures'];
  /** Why cells could not be patched, by id. */
  unpatched: Record<string, string>;
  /** To be told what happened in a cell, once it has told so itself. */
  heard: (events: readonly StageEvent[]) => void;
  /** To be told of every change, so that people see it. */
  changed: () => void;
}
