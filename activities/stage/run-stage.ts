import { randomUUID } from 'node:crypto';
import { Context, log } from '@temporalio/activity';
import { ArtifactCorrupt } from '#infra/artifacts/errors.ts';
import type { MadeFrom, Manifest } from '#infra/artifacts/manifest.ts';
import { type ArtifactRef, type Recipe, Recipe as RecipeSchema, Stage, type StageResult, Summary } from '#workflows/contracts/artifacts.ts';
import { parse } from '#workflows/contracts/parse.ts';
import type { StageRequest } from '#workflows/contracts/requests.ts';
import { refOf } from '#workflows/plan/keys.ts';
import { contentOf } from './content.ts';
import type { ActivityContext } from './context.ts';
import { checkLosses, hopeless, toFailure } from './failures.ts';
import { LookUp } from './look-up.ts';
import { type StageProgress, underHeartbeats } from './heartbeat.ts';
import { NewsDesk, workflowTeller } from './news.ts';
import { Pace } from './pace.ts';
import { Scratch } from './scratch.ts';
import { turnDown } from './turn-down.ts';
import { versions } from './versions.ts';

/** What the work of a stage gets. */
export interface StageWork {
  recipe: Recipe;
  /** Local folder of the input artifact with this role, downloaded and verified. */
  input: (role: string) => Promise<string>;
  /** What that artifact was made from and by. */
  inputRecipe: (role: string) => Promise<Recipe>;
  /** To be told of every other artifact that is read, as it was found: what is made from it is made anew when its contents change. */
  wasRead: (manifest: Manifest) => void;
  /** The input's folder, or null where the recipe has no such role. */
  optionalInput: (role: string) => Promise<string | null>;
  /** Empty folder for the artifact's files. */
  outputFolder: string;
  /** Folder for anything else, empty at first; deleted afterwards. */
  workFolder: () => string;
  /** Reports how far the work is; becomes the activity's heartbeat. */
  progress: (progress: StageProgress) => void;
  /** Takes a line of the work's log, of which the last ones are shown with the progress. */
  log: (line: string) => void;
  /** Aborted when the activity is cancelled. */
  signal: AbortSignal;
}

/** What the work of a stage gives beside the files. */
export interface StageOutcome {
  summary: Summary;
  measurements?: Record<string, number | string | boolean | null>;
  versions?: Record<string, string>;
  /** Clears away what is of no use once the artifact is there; what fails in it does not fail the stage. */
  afterCommit?: () => Promise<void>;
}

/**
 * Runs a stage once for all: if the artifact of `recipe` exists, its summary is returned and `work` is not called;
 * otherwise `work` writes the files and the artifact is committed. One that was not made under the label `force`, or from inputs
 * that were made anew since with other contents, makes way for a new one of the same key; until that is there, it stays. The one place that knows about memoisation, scratch
 * folders, heartbeats, cancellation and failure types; a stage's own file holds its work only.
 */
export async function runStage(
  context: ActivityContext,
  stage: Stage,
  { recipe: given, force }: Pick<StageRequest, 'recipe' | 'force'>,
  work: (tools: StageWork) => Promise<StageOutcome>,
): Promise<StageResult> {
  const started = performance.now();
  try {
    const recipe = parse(RecipeSchema, given, `the recipe of a ${stage} stage`);
    if (recipe.stage !== stage) throw hopeless('InvalidInput', `stage: found "${recipe.stage}", allowed: "${stage}"`);
    const ref = refOf(recipe);
    const found = await new LookUp(context.store, (error) => context.store.discardCorrupt(error)).of(ref, force);
    if (found.state === 'finished') return resultOf(ref, found.manifest, true);
    const before = found.state === 'missing' ? null : found;
    checkLosses();
    // Before anything is downloaded for it.
    await turnDown(context, recipe);

    const scratch = new Scratch(context.scratchFolder, `${stage}-${ref.key.slice(0, 12)}-${randomUUID()}`);
    try {
      const read = new Map<string, MadeFrom>();
      const wasRead = (manifest: Manifest) => void read.set(manifest.key, { kind: manifest.kind, key: manifest.key, content: contentOf(manifest) });
      const obtain = async (role: string) => {
        const address = recipe.inputs[role];
        if (address === undefined) return null;
        const found = await context.store.obtain({ kind: address.stage, key: address.key });
        wasRead(found.manifest);
        return found;
      };
      // Each once: were it made anew in between, a second reading would tell of other contents than those that the work began with.
      const inputs = new Map<string, ReturnType<typeof obtain>>();
      const obtained = (role: string) => {
        const obtaining = inputs.get(role) ?? obtain(role);
        inputs.set(role, obtaining);
        return obtaining;
      };
      const needed = async (role: string) => {
        const found = await obtained(role);
        if (found === null) throw hopeless('InvalidInput', `inputs.${role}: found nothing, allowed: an artifact`);
        return found;
      };
      const optionalInput = async (role: string) => (await obtained(role))?.folder ?? null;
      const input = async (role: string) => (await needed(role)).folder;
      const inputRecipe = async (role: string) => parse(RecipeSchema, (await needed(role)).manifest.recipe, `the recipe of ${role}`);
      const signal = Context.current().cancellationSignal;
      const pace = new Pace();
      const news = new NewsDesk(workflowTeller(ref.key), context.newsSeconds);
      const manifest = await underHeartbeats({ phase: stage, done: 0, total: 1, unit: '' }, async (progress) => {
        const outcome = await work({ recipe, input, inputRecipe, optionalInput, wasRead, outputFolder: scratch.outputFolder, workFolder: () => scratch.workFolder(), progress, log: (line) => pace.log(line), signal });
        signal.throwIfAborted();
        const committed = await context.store.commit(
          {
            kind: stage,
            key: ref.key,
            recipe,
            summary: parse(Summary, outcome.summary, `the summary of a ${stage} stage`),
            measurements: { stageSeconds: (performance.now() - started) / 1000, ...outcome.measurements },
            versions: { ...versions, ...outcome.versions },
            ...(read.size > 0 && { madeFrom: [...read.values()] }),
            ...labelsOf(before?.manifest, force),
          },
          scratch.outputFolder,
          before?.version,
        );
        if (force !== undefined && !committed.forced?.includes(force)) throw new Error(`artifact ${stage}/${ref.key} was made anew by another maker, not under the label ${force}`);
        await outcome.afterCommit?.().catch((error: unknown) => log.warn(`cleaning up after ${stage}/${ref.key}: ${error}`));
        return committed;
      }, { pace, onAdvance: (advance) => news.offer(advance) });
      return resultOf(ref, manifest, false);
    } finally {
      await scratch.remove();
    }
  } catch (error) {
    throw toFailure(await discarded(context, error));
  }
}

/** The error itself, once the artifact that it found corrupt is out of the way; what fails in that takes its place, and is worth another attempt. */
export async function discarded({ store }: Pick<ActivityContext, 'store'>, error: unknown): Promise<unknown> {
  if (!(error instanceof ArtifactCorrupt)) return error;
  return store.discardCorrupt(error).then(
    () => error,
    (failed: unknown) => failed,
  );
}

/** The labels under which an artifact has been forced, with this one: a sweep that is started again finds its own. */
function labelsOf(before: Manifest | undefined, force: string | undefined): { forced?: string[] } {
  const labels = [...(before?.forced ?? []), ...(force === undefined ? [] : [force])];
  return labels.length === 0 ? {} : { forced: labels };
}

export function resultOf(ref: ArtifactRef, { summary, measurements: { stageSeconds } }: Manifest, reused: boolean): StageResult {
  return { ref, reused, summary: parse(Summary, summary, `the summary of artifact ${ref.stage}/${ref.key}`), ...(typeof stageSeconds === 'number' && { seconds: stageSeconds }) };
}
