/** What a person tells a running sweep (updates) or cell (signals). */
import { z } from 'zod';
import { Concurrency, OnFailure, PriorityKey, TimeoutHours } from './run.ts';
import { OpenAiWriter, TrainSpec } from './spec.ts';

/** Cells and baselines by their ids, `task/model/condition`. */
const cells = z.array(z.string().min(1)).min(1).optional();

/**
 * What may change as a stage is tried again: what leaves its artifact as it is. Fields stand where the spec has them. Anything
 * else is part of the artifacts' keys, and would make of the cell another one than its siblings are compared with.
 */
export const RetryChange = z.strictObject({
  train: z.strictObject({ checkpointMinutes: TrainSpec.shape.checkpointMinutes.unwrap().optional() }).optional(),
  write: z
    .strictObject({
      concurrency: OpenAiWriter.shape.concurrency.unwrap().optional(),
      requestsPerMinute: OpenAiWriter.shape.requestsPerMinute,
      tokensPerMinute: OpenAiWriter.shape.tokensPerMinute,
      timeoutSeconds: OpenAiWriter.shape.timeoutSeconds.unwrap().optional(),
      tokensField: OpenAiWriter.shape.tokensField,
      price: OpenAiWriter.shape.price,
    })
    .optional(),
  run: z.strictObject({ timeoutHours: TimeoutHours.optional() }).optional(),
});
export type RetryChange = z.infer<typeof RetryChange>;

/** Update `retry`: these blocked cells, or all. */
export const RetryRequest = z.strictObject({ cells, change: RetryChange.optional() });
export type RetryRequest = z.infer<typeof RetryRequest>;

/** Update `skip`: these cells, or all that are blocked. */
export const SkipRequest = z.strictObject({ cells });
export type SkipRequest = z.infer<typeof SkipRequest>;

/** Update `finish`: what is blocked or has not begun is given up; what runs goes on to the end of its cell, or, with `now`, is stopped. */
export const FinishRequest = z.strictObject({ now: z.boolean().default(false) });
export type FinishRequest = z.infer<typeof FinishRequest>;

/** Update `setPriority`: of these cells, or of the whole sweep. */
export const PriorityRequest = z.strictObject({ priority: PriorityKey, cells });
export type PriorityRequest = z.infer<typeof PriorityRequest>;

/** Update `setConcurrency`: cells and baselines at once; null: no limit. */
export const ConcurrencyRequest = z.strictObject({ cells: Concurrency });
export type ConcurrencyRequest = z.infer<typeof ConcurrencyRequest>;

/** What updates answer: the cells that they were about, and what was done with them. */
export const SteeringAnswer = z.strictObject({ done: z.string(), cells: z.array(z.string()) });
export type SteeringAnswer = z.infer<typeof SteeringAnswer>;

/** What is in force in a sweep, by its spec and by what it was told since. */
export const Steering = z.strictObject({
  /** A person has told it to begin nothing. */
  paused: z.boolean(),
  onFailure: OnFailure,
  /** Of the whole sweep. */
  priority: PriorityKey,
  /** Of cells and baselines that have another one, by their ids. */
  priorities: z.record(z.string(), PriorityKey),
  /** Cells and baselines that were asked to run at once; null: all. */
  concurrency: Concurrency,
  /** Those that may: as many as were asked for, or as a server bears. */
  atOnce: z.int().positive(),
});
export type Steering = z.infer<typeof Steering>;

/** How a cell is to run, from its sweep. */
export const CellOrders = z.strictObject({
  paused: z.boolean(),
  onFailure: OnFailure,
  /** What it tells its sweep: all that happens, or, where so many tell that a history could not hold it, how stages ended, once the cell ends or blocks. */
  news: z.enum(['all', 'outcomes']),
  priority: PriorityKey.optional(),
  timeoutHours: TimeoutHours.optional(),
  checkpointMinutes: TrainSpec.shape.checkpointMinutes.unwrap().optional(),
});
export type CellOrders = z.infer<typeof CellOrders>;

/** How a cell is to run, where a retry has changed that. */
export const SaidChange = CellOrders.pick({ checkpointMinutes: true, timeoutHours: true });
export type SaidChange = z.infer<typeof SaidChange>;

/** What a person has told a cell by a signal of its own, and it has done, for its sweep to know. */
export const CellWord = z.strictObject({ cell: z.string(), verdict: z.enum(['retry', 'skip']), change: SaidChange.optional() });
export type CellWord = z.infer<typeof CellWord>;
