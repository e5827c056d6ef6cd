import { getExternalWorkflowHandle, workflowInfo } from '@temporalio/workflow';
import type { Recipe, StageResult } from './contracts/artifacts.ts';
import { cellLabel } from './ids.ts';
import { stageEvent } from './messages.ts';
import type { CellPlan } from './plan/plan.ts';
import { runStage } from './stage.ts';

/** One cell of the grid: (task, model, condition) from training data to scored and masked heads (paper, sections 3 and 4). */
export async function cell(plan: CellPlan): Promise<void> {
  const stage = stageOf(plan);
  const { dataset, train, evaluate, score, mask } = plan.stages;
  await stage(dataset);
  await stage(train);
  // What one of them fails at does not stop the other: its hours of work would be lost.
  const outcomes = await Promise.allSettled([
    stage(evaluate),
    stage(score).then(() => mask && stage(mask)),
  ]);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Runs stages of a cell and tells its sweep when each begins and ends. */
function stageOf(plan: CellPlan): (recipe: Recipe) => Promise<StageResult> {
  const { parent } = workflowInfo();
  const sweep = parent && getExternalWorkflowHandle(parent.workflowId, parent.runId);
  return async (recipe) => {
    const event = { cell: plan.id, stage: recipe.stage };
    await sweep?.signal(stageEvent, { ...event, state: 'running', reused: false, summary: {} });
    const result = await runStage(cellLabel(plan), recipe);
    await sweep?.signal(stageEvent, { ...event, state: 'done', reused: result.reused, summary: result.summary });
    return result;
  };
}
