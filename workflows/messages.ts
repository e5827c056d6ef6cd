/** Signals, updates and queries of the workflows. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { CellsQuery, OneCellProgress, StageEvent, StageNews, SweepFailures, SweepPlan, SweepProgress } from './contracts/progress.ts';
import type { CellOrders, CellWord, ConcurrencyRequest, FinishRequest, PriorityRequest, RetryChange, RetryRequest, SkipRequest, SteeringAnswer } from './contracts/steering.ts';

/** What the UI says of signals that people have no use for. */
export const FROM_WITHIN = 'Internal: sweep, cells and stages tell each other';

/**
 * From a cell to its sweep: stages that began, are further, ended, or failed for good; all that one moment brought together. Then
 * which start of the cell it is that tells: after a reset, the server hands the new run of a sweep what the old one was told. And what
 * a person has told the cell before.
 */
export const stageEvents = defineSignal<[StageEvent[], string?, CellWord[]?]>('stageEvents');

/** From a running activity to its workflow: how far it is. */
export const stageNews = defineSignal<[StageNews]>('stageNews');

/** From a sweep to its cells: how they are to run from now on. */
export const orders = defineSignal<[CellOrders]>('orders');
/** And what becomes of what is blocked, since a person has said so to the sweep, or that has put it right. */
export const verdict = defineSignal<['retry' | 'skip']>('verdict');

/** From a sweep to its herald: it need not wait any more. */
export const relieved = defineSignal<[]>('relieved');

/** From people to a blocked cell, also in bulk (`temporal workflow signal --query`): try what is blocked again, or do without it. */
export const retryCell = defineSignal<[RetryChange?]>('retry');
export const skipCell = defineSignal<[]>('skip');

/** A higher cost ceiling, in dollars, for a sweep that waits at its ceiling (or soon would). */
export const setCostCeiling = defineUpdate<void, [number]>('setCostCeiling');

/** Running stages finish, none is begun. */
export const pause = defineUpdate<SteeringAnswer, []>('pause');
export const resume = defineUpdate<SteeringAnswer, []>('resume');
/** Blocked cells are tried again, all or some, with changes or without. */
export const retry = defineUpdate<SteeringAnswer, [RetryRequest?]>('retry');
/** Cells are given up, all blocked ones or those named. */
export const skip = defineUpdate<SteeringAnswer, [SkipRequest?]>('skip');
/** The sweep ends with what there is. */
export const finish = defineUpdate<SteeringAnswer, [FinishRequest?]>('finish');
export const setPriority = defineUpdate<SteeringAnswer, [PriorityRequest]>('setPriority');
export const setConcurrency = defineUpdate<SteeringAnswer, [ConcurrencyRequest]>('setConcurrency');

/** Where a sweep stands: counts, cost, and per cell its stages, F1 and failures. */
export const progress = defineQuery<SweepProgress, [CellsQuery?]>('progress');
/** Where one cell stands; asked of its own workflow. */
export const cellProgress = defineQuery<OneCellProgress>('progress');
/** Everything that blocks or was given up, with cause and remedy. */
export const failures = defineQuery<SweepFailures>('failures');
/** The DAG, with the key and the state of every stage. */
export const plan = defineQuery<SweepPlan, [CellsQuery?]>('plan');
