import { ApplicationFailure } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import type { Activities } from '#activities/index.ts';
import type { Recipe, StageResult } from '#workflows/contracts/artifacts.ts';
import type { StageRequest } from '#workflows/contracts/requests.ts';
import { artifactKey, refOf } from '#workflows/plan/keys.ts';

/** How a stage of the instant activities goes: as a rule it succeeds at once. */
export type StageBehaviour = (recipe: Recipe) => 'succeed' | 'fail' | 'hang';

/**
 * Activities whose stages do no work, for tests of the orchestration alone: an artifact is an entry of `made`. What runs
 * is told by `ran`.
 */
export function instantActivities(behaviour: StageBehaviour = () => 'succeed') {
  const made = new Map<string, StageResult>();
  const ran: Recipe[] = [];
  const stage = async ({ recipe }: StageRequest): Promise<StageResult> => {
    const known = made.get(artifactKey(recipe));
    if (known !== undefined) return { ...known, reused: true };
    const how = behaviour(recipe);
    if (how === 'fail') throw ApplicationFailure.nonRetryable('the data is malformed', 'SourceError');
    if (how === 'hang') {
      const beat = setInterval(() => Context.current().heartbeat(), 200);
      await Context.current().cancelled.finally(() => clearInterval(beat));
    }
    ran.push(recipe);
    const result: StageResult = { ref: refOf(recipe), reused: false, summary: recipe.stage === 'evaluate' ? { f1: 0.5 } : {} };
    made.set(result.ref.key, result);
    return result;
  };
  const activities: Activities = {
    fingerprintInputs: async (spec) => Object.fromEntries([['miniature', 'w'], ...spec.models.map(({ base }) => [base.kind === 'folder' ? base.path : '', 'm'])]),
    findFinished: async (refs) => Object.fromEntries(refs.flatMap(({ key }) => (made.has(key) ? [[key, { ...made.get(key)!, reused: true }]] : []))),
    publishReport: async () => ({ reportFile: 'report.html', resultsFile: 'results.json' }),
    discardArtifact: async ({ key }) => void made.delete(key),
    importSource: stage,
    importBase: stage,
    pretrainBase: stage,
    synthesizeDataset: stage,
    trainAdapter: stage,
    evaluateModel: stage,
    scoreHeads: stage,
    maskHeads: stage,
    writeReport: stage,
  };
  return { activities, made, ran };
}
