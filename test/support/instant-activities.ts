import { ApplicationFailure } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import type { Activities } from '#activities/index.ts';
import { lookForEnd } from '#activities/notice/look-for-end.ts';
import { lookForTrainers } from '#activities/trainers/look-for-trainers.ts';
import type { Recipe, StageResult } from '#workflows/contracts/artifacts.ts';
import type { LlmUse, Notice, StageRequest } from '#workflows/contracts/requests.ts';
import type { TaskSpec } from '#workflows/contracts/spec.ts';
import { artifactKey, refOf } from '#workflows/plan/keys.ts';
import { requestedReport } from '#workflows/plan/report.ts';
import { filesOf } from '#workflows/plan/source-files.ts';

/** How a stage of the instant activities goes: as a rule it succeeds at once. One that trips hangs until it is cancelled, and then fails in a way that is worth another attempt; one that clings takes its time to stop. */
export type StageBehaviour = (recipe: Recipe, llm: LlmUse | undefined) => 'succeed' | 'fail' | 'hang' | 'cling' | 'trip' | 'too dear';

/** What stages tell of what they made. */
const SUMMARIES: Partial<Record<Recipe['stage'], StageResult['summary']>> = { evaluate: { f1: 0.5 }, write: { dollars: 0.5 } };

/**
 * Activities whose stages do no work, for tests of the orchestration alone: an artifact is an entry of `made`. What runs
 * is told by `ran`. Nothing is looked up while that is `held`.
 */
export function instantActivities(behaviour: StageBehaviour = () => 'succeed', batches: { submitted: string[]; polls: number } = { submitted: [], polls: 0 }) {
  const made = new Map<string, StageResult>();
  const ran: Recipe[] = [];
  const notices: Notice[] = [];
  const lookups = { held: false };
  const stage = async ({ recipe, llm }: StageRequest): Promise<StageResult> => {
    const known = made.get(artifactKey(recipe));
    if (known !== undefined) return { ...known, reused: true };
    let how = behaviour(recipe, llm);
    // Until it is cancelled, or its behaviour is another one.
    while (how === 'hang' || how === 'cling' || how === 'trip') {
      Context.current().heartbeat();
      const moment = new Promise<void>((resolve) => setTimeout(resolve, 200));
      await Promise.race([Context.current().cancelled, moment]).catch((cancelled: Error) => {
        if (how === 'trip') throw ApplicationFailure.retryable('tripped as it was cancelled', 'Tripped');
        // Tests end all the same.
        if (how === 'hang' || cancelled.message === 'WORKER_SHUTDOWN') throw cancelled;
        return moment;
      });
      how = behaviour(recipe, llm);
    }
    if (how === 'too dear') throw ApplicationFailure.nonRetryable('spent $1.00 of $1.00', 'CostCeilingReached');
    if (how === 'fail') throw ApplicationFailure.nonRetryable('the data is malformed', 'SourceError');
    // Another attempt may have committed it meanwhile.
    const raced = made.get(artifactKey(recipe));
    if (raced !== undefined) return { ...raced, reused: true };
    ran.push(recipe);
    const result: StageResult = { ref: refOf(recipe), reused: false, summary: SUMMARIES[recipe.stage] ?? {}, seconds: 36 };
    made.set(result.ref.key, result);
    return result;
  };
  const activities: Activities = {
    fingerprintInputs: async (spec) =>
      Object.fromEntries([
        ['miniature', 'w'],
        ...spec.models.map(({ base }) => [base.kind === 'folder' ? base.path : '', 'm']),
        ...spec.tasks.flatMap(locationsOf).map((location) => [location, location]),
      ]),
    findFinished: async (refs) => {
      while (lookups.held) await new Promise((resolve) => setTimeout(resolve, 50));
      return Object.fromEntries(refs.flatMap(({ key }) => (made.has(key) ? [[key, { ...made.get(key)!, reused: true }]] : [])));
    },
    publishReport: async () => ({ reportFile: 'report.html', resultsFile: 'results.json' }),
    locateStore: async () => 's3://test/artifacts',
    lookForTrainers: () => lookForTrainers(),
    lookForEnd: (request) => lookForEnd(undefined, request),
    postNotice: async ({ notice }) => void notices.push(notice),
    discardArtifact: async ({ key }) => void made.delete(key),
    importSource: stage,
    importBase: stage,
    pretrainBase: stage,
    writeTexts: stage,
    // Two rounds per stage: what the first batch leaves open is asked in a second one; each is done at the second poll.
    submitTexts: async ({ recipe }) => {
      const key = artifactKey(recipe);
      const rounds = batches.submitted.filter((id) => id.startsWith(key)).length;
      if (rounds === 2) return { batches: [], more: false };
      batches.submitted.push(`${key}-${rounds}`);
      return { batches: [`${key}-${rounds}`], more: rounds === 0 };
    },
    collectTexts: async () => ({ pending: (batches.polls += 1) % 2 }),
    rankPassages: stage,
    synthesizeDataset: stage,
    trainAdapter: stage,
    evaluateModel: stage,
    scoreHeads: stage,
    maskHeads: stage,
    patchHeads: stage,
    writeReport: (request) => stage({ recipe: requestedReport(request), locations: {} }),
  };
  return { activities, made, ran, notices, lookups };
}

/** What a task names outside of the store. */
function locationsOf({ source, retriever }: TaskSpec): string[] {
  return [...filesOf(source).map(({ location }) => location), ...(retriever.kind === 'contriever' ? [retriever.model.path] : [])];
}
