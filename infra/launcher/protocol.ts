/**
 * The line protocol between a worker and a long-lived job process: one JSON object a line, jobs on its standard input,
 * events on its standard output. What a job contains is the business of whoever sends it.
 */
import { z } from 'zod';

const numbers = z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()]));

export const Ready = z.object({
  type: z.literal('ready'),
  protocol: z.literal(1),
  versions: z.record(z.string(), z.string()),
  device: z.object({ name: z.string(), kind: z.string(), threads: z.int() }).loose(),
});
export const Progress = z.object({
  type: z.literal('progress'),
  jobId: z.string(),
  phase: z.string(),
  done: z.number(),
  total: z.number(),
  unit: z.string().default(''),
  metrics: numbers.default({}),
});
/** A job has left something that it could be taken up from, should the process end: `name` in the job's own checkpoint folder. */
export const Checkpoint = z.object({ type: z.literal('checkpoint'), jobId: z.string(), name: z.string().regex(/^[\w-]+$/), step: z.int().nonnegative() });
export const Log = z.object({ type: z.literal('log'), level: z.string(), message: z.string() });
/**
 * `measurements.modelReloaded` says whether a job had to load what it works on first, rather than finding it loaded by an earlier one, and
 * `measurements.loadSeconds` how long that took; jobs that keep nothing loaded have neither.
 */
export const Result = z.object({
  type: z.literal('result'),
  jobId: z.string(),
  summary: numbers.default({}),
  measurements: numbers.default({}),
});
export const Failure = z.object({
  type: z.literal('error'),
  jobId: z.string().nullable(),
  error: z.object({ type: z.string(), message: z.string(), retryable: z.boolean(), field: z.string().nullish() }),
});

/** Anything a job process may print. */
export const Event = z.discriminatedUnion('type', [Ready, Progress, Checkpoint, Log, Result, Failure]);
export type Event = z.infer<typeof Event>;
export type Ready = z.infer<typeof Ready>;
export type Progress = z.infer<typeof Progress>;
export type Checkpoint = z.infer<typeof Checkpoint>;
export type Result = z.infer<typeof Result>;
