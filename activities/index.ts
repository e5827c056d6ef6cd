/** Every activity, bound to what a worker works with; workflows import the types only. */
import { Context } from '@temporalio/activity';
import { importBase, pretrainBase } from './base/prepare-base.ts';
import { synthesizeDataset } from './dataset/synthesize-dataset.ts';
import { evaluateModel } from './evaluate/evaluate-model.ts';
import { discardArtifact } from './inputs/discard.ts';
import { locateStore } from './inputs/locate.ts';
import { lookForTrainers } from './trainers/look-for-trainers.ts';
import { lookForEnd } from './notice/look-for-end.ts';
import { postNotice } from './notice/post-notice.ts';
import { findFinished } from './inputs/find.ts';
import { fingerprintInputs } from './inputs/fingerprint.ts';
import { maskHeads } from './mask/mask-heads.ts';
import { patchHeads } from './patch/patch-heads.ts';
import { publishReport } from './report/publish-report.ts';
import { writeReport } from './report/write-report.ts';
import { recordSweep } from './sweeps/records.ts';
import { scoreHeads } from './score/score-heads.ts';
import { rankPassages } from './rank/rank-passages.ts';
import { importSource } from './source/import-source.ts';
import type { SweepSpec } from '#workflows/contracts/spec.ts';
import type { ActivityContext } from './stage/context.ts';
import { underHeartbeats } from './stage/heartbeat.ts';
import { trainAdapter } from './train/train-adapter.ts';
import { collectTexts, submitTexts } from './write/batches.ts';
import { writeTexts } from './write/write-texts.ts';

type WithoutContext<F> = F extends (context: ActivityContext, ...args: infer A) => infer R ? (...args: A) => R : never;

/** Gives each activity its worker's context, under its own name. */
function bind<T extends Record<string, (context: ActivityContext, ...args: never[]) => unknown>>(context: ActivityContext, activities: T) {
  const bound = Object.entries(activities).map(([name, activity]) => [name, activity.bind(null, context)]);
  return Object.fromEntries(bound) as { [Name in keyof T]: WithoutContext<T[Name]> };
}

/** Hashing a large model takes minutes, as does a download. What a sweep is asked for is then kept in the store, for reports from there alone. */
const fingerprint = (context: ActivityContext, spec: SweepSpec) =>
  underHeartbeats({ phase: 'hashing the files of the spec', done: 0, total: 1, unit: '' }, async (progress) => {
    const fingerprints = await fingerprintInputs(context, spec, { progress, signal: Context.current().cancellationSignal });
    const { workflowExecution } = Context.current().info;
    if (workflowExecution !== undefined) await recordSweep(context.documents, workflowExecution.workflowId, spec, fingerprints);
    return fingerprints;
  });

/** Activities that any worker can do. */
export function lightActivities(context: ActivityContext) {
  return bind(context, { fingerprintInputs: fingerprint, findFinished, importSource, importBase, synthesizeDataset, writeReport, publishReport, discardArtifact, locateStore, lookForTrainers, lookForEnd, postNotice });
}

/** Activities that ask LLMs. */
export function llmActivities(context: ActivityContext) {
  return bind(context, { writeTexts, submitTexts, collectTexts });
}

/** Activities that need a trainer. */
export function trainerActivities(context: ActivityContext) {
  return bind(context, { pretrainBase, rankPassages, trainAdapter, evaluateModel, scoreHeads, maskHeads, patchHeads });
}

export type Activities = ReturnType<typeof lightActivities> & ReturnType<typeof llmActivities> & ReturnType<typeof trainerActivities>;
