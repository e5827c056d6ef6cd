/** Running one stage from a workflow: which activity does it, under which policy, and how it is labelled. */
import { ActivityFailure, ApplicationFailure, isCancellation, proxyActivities, TimeoutFailure, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { Recipe, Stage, StageResult } from './contracts/artifacts.ts';
import type { LlmUse, ReportRequest } from './contracts/requests.ts';
import { POLICIES } from './policies.ts';

const data = proxyActivities<Activities>(POLICIES.data);
const trainer = proxyActivities<Activities>(POLICIES.trainer);
const writing = proxyActivities<Activities>(POLICIES.writing);

/** A recipe of any stage but the report, which is asked for in another way. */
type StageRecipe = Recipe & { stage: Exclude<Stage, 'report'> };

/** The activity that makes a recipe's artifact. A base is imported by any worker, but pretrained by one with a trainer. */
function activityFor({ stage, params }: StageRecipe) {
  const pretrained = stage === 'base' && params.kind === 'pretrain';
  const activities = {
    source: data.importSource,
    base: pretrained ? trainer.pretrainBase : data.importBase,
    rank: trainer.rankPassages,
    write: writing.writeTexts,
    dataset: data.synthesizeDataset,
    train: trainer.trainAdapter,
    evaluate: trainer.evaluateModel,
    score: trainer.scoreHeads,
    mask: trainer.maskHeads,
    patch: trainer.patchHeads,
  };
  return activities[stage];
}

/** What a stage works with that leaves its artifact as it is: where files lie, how an LLM may be used, how often a training is saved, how urgent it is, how long it may take. */
export interface StageMeans {
  locations?: Record<string, string>;
  llm?: LlmUse | undefined;
  checkpointMinutes?: number;
  /** Priority key; left out: that of the workflow. */
  priority?: number;
  /** For one attempt; left out: that of the policy. */
  timeoutHours?: number;
  /** Label under which the artifact must have been made. */
  force?: string | undefined;
}

/** Runs a stage's activity, labelled for the UI. A failure's message names the cell, the stage and the cause. */
export async function runStage(label: string, recipe: Recipe, { locations = {}, llm, checkpointMinutes, priority, timeoutHours, force }: StageMeans = {}): Promise<StageResult> {
  const options = {
    summary: `${label}: ${recipe.stage}`,
    priority: { fairnessKey: fairnessKey(), ...(priority !== undefined && { priorityKey: priority }) },
    ...(timeoutHours !== undefined && { startToCloseTimeout: timeoutHours * 3_600_000 }),
  };
  const running = activityFor(recipe as StageRecipe).executeWithOptions(options, [{ recipe, locations, ...(llm && { llm }), ...(checkpointMinutes !== undefined && { checkpointMinutes }), ...(force !== undefined && { force }) }]);
  return explained(running, `${label}, stage ${recipe.stage}: `, [recipe.stage]);
}

/** Writes a sweep's report. */
export async function runReport(request: ReportRequest): Promise<StageResult> {
  const label = request.spec.name;
  return explained(data.writeReport.executeWithOptions({ summary: `${label}: report`, priority: { fairnessKey: fairnessKey() } }, [request]), `${label}, stage report: `, ['report']);
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
    const type = cause instanceof ApplicationFailure ? cause.type : cause instanceof TimeoutFailure ? 'TimedOut' : cause?.name;
    throw ApplicationFailure.create({ type: type ?? 'Error', message: `${where}${cause?.message ?? error.message}`, details, nonRetryable: true, cause: error });
  }
}
