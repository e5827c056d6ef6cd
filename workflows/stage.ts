/** Running one stage from a workflow: which activity does it, under which policy, and how it is labelled. */
import { ActivityFailure, ApplicationFailure, proxyActivities } from '@temporalio/workflow';
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
  try {
    return await activityFor(recipe).executeWithOptions({ summary: `${label}: ${recipe.stage}` }, [{ recipe, locations }]);
  } catch (error) {
    if (!(error instanceof ActivityFailure) || !(error.cause instanceof ApplicationFailure)) throw error;
    const { type, message } = error.cause;
    throw ApplicationFailure.create({
      type: type ?? 'Error',
      message: `${label}, stage ${recipe.stage}: ${message}`,
      details: [recipe.stage],
      nonRetryable: true,
      cause: error,
    });
  }
}
