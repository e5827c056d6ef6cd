/** Signals and queries of the workflows. */
import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { StageEvent, SweepProgress } from './contracts/progress.ts';

/** From a cell to its sweep: a stage began, or ended. */
export const stageEvent = defineSignal<[StageEvent]>('stageEvent');

/** Where a sweep stands: counts, and per cell its stage, F1 and failure. */
export const progress = defineQuery<SweepProgress>('progress');
