/** Running one stage from a workflow: which activity does it, under which policy, and how it is labelled. */
import { ActivityFailure, ApplicationFailure, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { Recipe, StageResult } from './contracts/artifacts.ts';
import { POLICIES } from './policies.ts';

const data = proxyActivities<Activities>(POLICIES.data);
const trainer = proxyActivities<Activities>(POLICIES.trainer);

/** The activity that makes a recipe's artifact. A base is imported by any worker, but pretrained by one with a trainer. */
function activityFor({ stage, params }: Recipe) {
  const pretrained = stage === 'base' && params.kind === 'pretrain';
  const activities = {
    source: data.importSource,
    base: pretrained ? trainer.pretrainBase : data.importBase,
    dataset: data.synthesizeDataset,
    train: trainer.trainAdapter,
    evaluate: trainer.evaluateModel,
    score: trainer.scoreHeads,
    mask: trainer.maskHeads,
    report: data.writeReport,
  };
  return activities[stage];
}

/** Runs a stage's activity, labelled for the UI. A failure's message names the cell, the stage and the cause. */
export async function runStage(label: string, recipe: Recipe, locations: Record<string, string> = {}): Promise<StageResult> {
  const running = activityFor(recipe).executeWithOptions({ summary: `${label}: ${recipe.stage}` }, [{ recipe, locations }]);
  return explained(running, `${label}, stage ${recipe.stage}: `, [recipe.stage]);
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
    const type = cause instanceof ApplicationFailure ? cause.type : cause?.name;
    throw ApplicationFailure.create({ type: type ?? 'Error', message: `${where}${cause?.message ?? error.message}`, details, nonRetryable: true, cause: error });
  }
}
