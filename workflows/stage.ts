/** Running one stage from a workflow: which activity does it, under which policy, and how it is labelled. */
import { ActivityFailure, ApplicationFailure, CancelledFailure, isCancellation, proxyActivities, TimeoutFailure, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { Recipe, Stage, StageResult } from './contracts/artifacts.ts';
import type { LlmUse, ReportRequest } from './contracts/requests.ts';
import type { TimeoutHours } from './contracts/run.ts';
import { POLICIES } from './policies.ts';
import { workKindOf } from './work-kind.ts';

const BY_KIND = {
  data: proxyActivities<Activities>(POLICIES.data),
  writing: proxyActivities<Activities>(POLICIES.writing),
  trainer: proxyActivities<Activities>(POLICIES.trainer),
} as const;

/** A recipe of any stage but the report, which is asked for in another way. */
type StageRecipe = Recipe & { stage: Exclude<Stage, 'report'> };

const ACTIVITIES = {
  source: 'importSource',
  base: 'importBase',
  rank: 'rankPassages',
  write: 'writeTexts',
  dataset: 'synthesizeDataset',
  train: 'trainAdapter',
  evaluate: 'evaluateModel',
  score: 'scoreHeads',
  mask: 'maskHeads',
  patch: 'patchHeads',
} as const satisfies Record<StageRecipe['stage'], keyof Activities>;

/** The activity that makes a recipe's artifact, under the policy of its kind of work. */
function activityFor(recipe: StageRecipe) {
  const kind = workKindOf(recipe);
  return BY_KIND[kind][recipe.stage === 'base' && kind === 'trainer' ? 'pretrainBase' : ACTIVITIES[recipe.stage]];
}

/** What a stage works with that leaves its artifact as it is: where files lie, how an LLM may be used, how often a training is saved, how urgent it is, how long it may take. */
export interface StageMeans {
  locations?: Record<string, string>;
  llm?: LlmUse | undefined;
  checkpointMinutes?: number;
  /** Priority key; left out: that of the workflow. */
  priority?: number;
  /** For one attempt; left out: that of the policy. */
  timeoutHours?: TimeoutHours;
  /** Label under which the artifact must have been made. */
  force?: string | undefined;
  /** What the UI calls it; left out: its label and stage. */
  summary?: string;
  /** Why it runs, where that is not plain; shown in the UI. */
  why?: string;
}

/** Runs a stage's activity, labelled for the UI. A failure's message names the cell, the stage and the cause. */
export async function runStage(label: string, recipe: Recipe, { locations = {}, llm, checkpointMinutes, force, summary = `${label}: ${recipe.stage}`, why, ...means }: StageMeans = {}): Promise<StageResult> {
  const reasons = [...(why === undefined ? [] : [why]), ...(force === undefined ? [] : [`forced: ${force}`])];
  const options = { summary: `${summary}${reasons.length === 0 ? '' : ` (${reasons.join('; ')})`}`, ...urgencyOptions(recipe.stage, means) };
  const running = activityFor(recipe as StageRecipe).executeWithOptions(options, [{ recipe, locations, ...(llm && { llm }), ...(checkpointMinutes !== undefined && { checkpointMinutes }), ...(force !== undefined && { force }) }]);
  return explained(running, `${label}, stage ${recipe.stage}: `, [recipe.stage]);
}

/** Writes a sweep's report. */
export async function runReport(request: ReportRequest, means: StageMeans = {}): Promise<StageResult> {
  const label = request.spec.name;
  return explained(BY_KIND.data.writeReport.executeWithOptions({ summary: `${label}: report`, ...urgencyOptions('report', means) }, [request]), `${label}, stage report: `, ['report']);
}

/** Options of a stage's activities: how urgent they are, and how long an attempt may take. */
export function urgencyOptions(stage: Stage, { priority, timeoutHours }: Pick<StageMeans, 'priority' | 'timeoutHours'>) {
  const hours = hoursFor(stage, timeoutHours);
  return {
    priority: { fairnessKey: fairnessKey(), ...(priority !== undefined && { priorityKey: priority }) },
    ...(hours !== undefined && { startToCloseTimeout: hours * 3_600_000 }),
  };
}

/** Hours for one attempt of a stage; undefined where they are those of its kind of work. */
function hoursFor(stage: Stage, hours: TimeoutHours | undefined): number | undefined {
  return typeof hours === 'object' ? hours[stage] : hours;
}

/** Sweeps get equal shares of the workers: their tasks of the same priority take turns. At most 64 bytes are allowed. */
function fairnessKey(): string {
  const { parent, workflowId } = workflowInfo();
  return encodeURIComponent(parent?.workflowId ?? workflowId).slice(0, 64);
}

/**
 * The activity's result; where it failed for good, a failure that says the cause itself (after `where`) instead of
 * "Activity task failed".
 */
export async function explained<T>(activity: Promise<T>, where = '', details: unknown[] = []): Promise<T> {
  try {
    return await activity;
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    const { cause } = error;
    // Only that it was to be cancelled kept it from another attempt; a job that a worker turns down in that moment has not even failed.
    if (error.retryState === 'CANCEL_REQUESTED' && cause instanceof ApplicationFailure && !cause.nonRetryable) throw new CancelledFailure(cause.message, [], error);
    const type = cause instanceof ApplicationFailure ? cause.type : cause instanceof TimeoutFailure ? 'TimedOut' : cause?.name;
    const message = cause instanceof TimeoutFailure && cause.timeoutType === 'START_TO_CLOSE' ? 'it took longer than one attempt may (run.timeoutHours)' : (cause?.message ?? error.message);
    throw ApplicationFailure.create({ type: type ?? 'Error', message: `${where}${message}`, details, nonRetryable: true, cause: error });
  }
}
