import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import type { Manifest } from '#infra/artifacts/manifest.ts';
import { type ArtifactRef, type Recipe, Recipe as RecipeSchema, Stage, type StageResult, Summary } from '#workflows/contracts/artifacts.ts';
import { parse } from '#workflows/contracts/parse.ts';
import { refOf } from '#workflows/plan/keys.ts';
import type { ActivityContext } from './context.ts';
import { hopeless, toFailure } from './failures.ts';
import { type StageProgress, underHeartbeats } from './heartbeat.ts';
import { versions } from './versions.ts';

/** What the work of a stage gets. */
export interface StageWork {
  recipe: Recipe;
  /** Local folder of the input artifact with this role, downloaded and verified. */
  input: (role: string) => Promise<string>;
  /** The input's folder, or null where the recipe has no such role. */
  optionalInput: (role: string) => Promise<string | null>;
  /** Empty folder for the artifact's files. */
  outputFolder: string;
  /** Empty folder for anything else; deleted afterwards. */
  workFolder: string;
  /** Reports how far the work is; becomes the activity's heartbeat. */
  progress: (progress: StageProgress) => void;
  /** Aborted when the activity is cancelled. */
  signal: AbortSignal;
}

/** What the work of a stage gives beside the files. */
export interface StageOutcome {
  summary: Summary;
  measurements?: Record<string, number | string | boolean | null>;
  versions?: Record<string, string>;
}

/**
 * Runs a stage once for all: if the artifact of `recipe` exists, its summary is returned and `work` is not called;
 * otherwise `work` writes the files and the artifact is committed. The one place that knows about memoisation, scratch
 * folders, heartbeats, cancellation and failure types; a stage's own file holds its work only.
 */
export async function runStage(
  context: ActivityContext,
  stage: Stage,
  given: Recipe,
  work: (tools: StageWork) => Promise<StageOutcome>,
): Promise<StageResult> {
  const started = performance.now();
  try {
    const recipe = parse(RecipeSchema, given, `the recipe of a ${stage} stage`);
    if (recipe.stage !== stage) throw hopeless('InvalidInput', `stage: found "${recipe.stage}", allowed: "${stage}"`);
    const ref = refOf(recipe);
    const finished = await findStage(context, ref);
    if (finished !== null) return finished;

    await mkdir(context.scratchFolder, { recursive: true });
    const scratch = await mkdtemp(join(context.scratchFolder, `${stage}-${ref.key.slice(0, 12)}-`));
    try {
      const outputFolder = join(scratch, 'output');
      const workFolder = join(scratch, 'work');
      await mkdir(outputFolder);
      await mkdir(workFolder);
      const optionalInput = async (role: string) => {
        const address = recipe.inputs[role];
        return address === undefined ? null : context.store.fetch({ kind: address.stage, key: address.key });
      };
      const input = async (role: string) => {
        const folder = await optionalInput(role);
        if (folder === null) throw hopeless('InvalidInput', `inputs.${role}: found nothing, allowed: an artifact`);
        return folder;
      };
      const signal = Context.current().cancellationSignal;
      const manifest = await underHeartbeats({ phase: stage, done: 0, total: 1, unit: '' }, async (progress) => {
        const outcome = await work({ recipe, input, optionalInput, outputFolder, workFolder, progress, signal });
        signal.throwIfAborted();
        return context.store.commit(
          {
            kind: stage,
            key: ref.key,
            recipe,
            summary: parse(Summary, outcome.summary, `the summary of a ${stage} stage`),
            measurements: { stageSeconds: (performance.now() - started) / 1000, ...outcome.measurements },
            versions: { ...versions, ...outcome.versions },
          },
          outputFolder,
        );
      });
      return resultOf(ref, manifest, false);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  } catch (error) {
    throw toFailure(error);
  }
}

/** The result of a stage whose artifact exists; null where it does not. */
export async function findStage({ store }: ActivityContext, ref: ArtifactRef): Promise<StageResult | null> {
  const manifest = await store.find({ kind: ref.stage, key: ref.key });
  return manifest && resultOf(ref, manifest, true);
}

function resultOf(ref: ArtifactRef, { summary }: Manifest, reused: boolean): StageResult {
  return { ref, reused, summary: parse(Summary, summary, `the summary of artifact ${ref.stage}/${ref.key}`) };
}
