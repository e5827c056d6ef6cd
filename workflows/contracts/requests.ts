/** What activities are asked and what they answer, beside recipes and stage results. */
import { z } from 'zod';
import { ArtifactRef, Recipe, StageResult } from './artifacts.ts';
import { Failure } from './progress.ts';
import { Webhook } from './run.ts';
import { ForceLabel } from './selectors.ts';
import { OpenAiWriter, SweepSpec, TrainSpec } from './spec.ts';

/**
 * How an LLM may be used for a stage, none of which changes what it writes. `ledger` names the account that spending is
 * charged to, over all stages and restarts of a sweep.
 */
export const LlmUse = OpenAiWriter.pick({ mode: true, concurrency: true, requestsPerMinute: true, tokensPerMinute: true, costCeilingDollars: true, price: true, tokensField: true, timeoutSeconds: true }).extend({ ledger: z.string().min(1) });
export type LlmUse = z.infer<typeof LlmUse>;

/**
 * A stage to run. `locations` says where the files that the recipe names by their SHA-256 were found; the same bytes
 * anywhere else would do, so it is no part of the recipe. Nor are the minutes between a training's checkpoints, nor the label
 * under which an artifact must have been made (`force`): one that is there without it is made anew.
 */
export const StageRequest = z.strictObject({ recipe: Recipe, locations: z.record(z.string(), z.string()).default({}), llm: LlmUse.optional(), checkpointMinutes: TrainSpec.shape.checkpointMinutes.unwrap().optional(), force: ForceLabel.optional() });
export type StageRequest = z.infer<typeof StageRequest>;

/** Batches of LLM requests that were submitted for a writing stage; none where every reply is in the cache. `more`: others wait for room under the cost ceiling. */
export const SubmittedBatches = z.strictObject({ batches: z.array(z.string()), more: z.boolean().default(false) });
export type SubmittedBatches = z.infer<typeof SubmittedBatches>;

/** Asks for the replies of batches. */
export const CollectRequest = z.strictObject({ recipe: Recipe, llm: LlmUse, batches: z.array(z.string()).min(1) });
export type CollectRequest = z.infer<typeof CollectRequest>;
/** `pending`: batches that are not done yet; the replies of the others are in the cache. */
export const CollectResult = z.strictObject({ pending: z.int().nonnegative() });
export type CollectResult = z.infer<typeof CollectResult>;

/** SHA-256 by path or URL (or `miniature`) of everything outside the store that a spec rests on. */
export const FingerprintsResult = z.record(z.string(), z.string());

/**
 * A sweep's report to write: what its recipe follows from (plan/report.ts), which is far smaller than the recipe with the address of
 * every artifact. `absent` names stages that are not there, `unit: role`; `missing` and `skipped` say why.
 */
export const ReportRequest = z.strictObject({ spec: SweepSpec, fingerprints: FingerprintsResult, absent: z.array(z.string()), missing: z.record(z.string(), z.string()), skipped: z.record(z.string(), z.string()) });
export type ReportRequest = z.infer<typeof ReportRequest>;

/** Asks which of these stages are finished; `force` as for a stage. */
export const Sought = ArtifactRef.extend({ force: ForceLabel.optional() });
export type Sought = z.infer<typeof Sought>;
export const FindRequest = z.array(Sought);
/** Results of those that are, by key. */
export const FindResult = z.record(z.string(), StageResult);
export type FindResult = z.infer<typeof FindResult>;

/** Makes a finished report easy to open: copies it to the reports folder under the sweep's name. */
export const PublishRequest = z.strictObject({ report: ArtifactRef, sweep: z.string().min(1) });
export type PublishRequest = z.infer<typeof PublishRequest>;
export const PublishResult = z.strictObject({ reportFile: z.string(), resultsFile: z.string() });
export type PublishResult = z.infer<typeof PublishResult>;

/** News of a sweep, as its webhook gets them. `text` alone is enough for chat programs. */
export const Notice = z.strictObject({
  event: z.enum(['blocked', 'unattended', 'ended']),
  sweep: z.string(),
  status: z.string(),
  text: z.string(),
  blocked: z.array(Failure.extend({ cell: z.string() })),
  /** File of the report on the worker that published it. */
  report: z.string().nullable(),
});
export type Notice = z.infer<typeof Notice>;
export const NoticeRequest = z.strictObject({ webhook: Webhook, notice: Notice });
export type NoticeRequest = z.infer<typeof NoticeRequest>;

/** Who does trainer jobs: whether any worker listens, and how many jobs (of all sweeps) wait in the queue. */
export const TrainersResult = z.strictObject({ listening: z.boolean(), waiting: z.int().nonnegative() });
export type TrainersResult = z.infer<typeof TrainersResult>;

/** A run of a sweep that has closed, or may have. */
export const EndRequest = z.strictObject({ workflowId: z.string().min(1), runId: z.string().min(1) });
export type EndRequest = z.infer<typeof EndRequest>;

/**
 * How a run of a sweep has ended. `open`: not yet, or it was reset and goes on; `closed`: in a way that it could tell itself, or
 * another run has taken its place. `reason`: of who terminated it.
 */
export const EndResult = z.strictObject({ how: z.enum(['open', 'closed', 'terminated', 'timed out']), reason: z.string().nullable() });
export type EndResult = z.infer<typeof EndResult>;

export const SpecRequest = z.strictObject({ spec: SweepSpec });
