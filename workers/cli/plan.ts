import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { estimateWriting, gpuHours, modelShape, pretrainingHours, type WritingEstimate } from '#activities/estimate/index.ts';
import { fingerprintInputs } from '#activities/inputs/fingerprint.ts';
import { importInto } from '#activities/source/import-source.ts';
import { lookUpAll } from '#activities/stage/look-up.ts';
import { requestOf, writingParams } from '#activities/write/params.ts';
import { ArtifactStore } from '#infra/artifacts/store.ts';
import { openCachedOnly } from '#infra/llm/index.ts';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import type { ModelSpec, SweepSpec, TaskSpec } from '#workflows/contracts/spec.ts';
import { decisions } from '#workflows/plan/decisions.ts';
import { planRun, soughtFor } from '#workflows/plan/filters.ts';
import { artifactKey } from '#workflows/plan/keys.ts';
import { llmUseOf } from '#workflows/plan/llm-use.ts';
import { type CellPlan, planSweep, recipesOf, unitsOf } from '#workflows/plan/plan.ts';
import { type Fingerprints, locationsOf } from '#workflows/plan/recipes.ts';
import { downloadsFrom } from '../downloads.ts';
import { CHECKOUT, homeFrom } from '../home.ts';
import { reachableObjects } from '../objects.ts';
import { planDag } from './plan-dag.ts';
import { type PlannedUnit, planTable } from './plan-table.ts';
import { readSpecFile } from './spec-file.ts';

/**
 * `needlework plan`: the DAG with what becomes of every stage and why, and per cell the examples and what is yet to be paid for:
 * LLM calls, tokens and dollars, GPU hours. Runs nothing; with `stages`, lists every stage with its key and inputs. Where files
 * that the spec names are not there, it shows what does not rest on them, says which, and sets exit status 1.
 */
export async function plan(specFile: string, { stages = false }: { stages?: boolean } = {}): Promise<void> {
  const { spec } = await readSpecFile(specFile);
  const home = homeFrom(process.env);
  const means = { baseFolder: CHECKOUT, downloads: downloadsFrom(home, process.env) };
  const problems: string[] = [];
  const noted = (error: unknown) => {
    problems.push(error instanceof Error ? error.message : String(error));
    return null;
  };
  const known = await fingerprintInputs(means, spec).catch(noted);
  const fingerprints = known ?? namesOnly;
  const whole = planSweep(spec, fingerprints);
  const run = planRun(whole, spec);
  const objects = known && (await reachableObjects(home, process.env));
  const store = objects && new ArtifactStore({ ...objects, cacheFolder: home.artifactCache });
  const units = unitsOf(whole);
  const decided = store && decisions(whole, run, await lookUpAll(store, soughtFor(whole, run)));
  const isDone = (recipe: Recipe) => decided?.get(artifactKey(recipe))?.does === 'reuse';
  console.log(`${planDag(spec, whole, decided, { keys: stages }).join('\n')}\n`);

  const scratch = await mkdtemp(join(tmpdir(), 'needlework-plan-'));
  try {
    const sourceOf = async (recipe: Recipe): Promise<string> => {
      if (store && isDone(recipe)) return store.fetch({ kind: 'source', key: artifactKey(recipe) });
      const folder = join(scratch, artifactKey(recipe));
      await importInto(folder, means, { recipe, locations: locationsOf(fingerprints) }, { progress: () => {}, signal: new AbortController().signal });
      return folder;
    };
    const cacheOf = (model: string) => (objects ? openCachedOnly({ ...objects, folder: home.repliesFolder, model }) : null);
    const texts = known ? await writingEstimates(spec, whole.cells, isDone, sourceOf, cacheOf, noted) : new Map<string, WritingEstimate>();
    const rows: PlannedUnit[] = [];
    const counted = new Set<string>();
    for (const unit of units) {
      const task = spec.tasks.find((one) => one.task === unit.task) as TaskSpec;
      const model = spec.models.find((one) => one.model === unit.model) as ModelSpec;
      const own = recipesOf(unit);
      const shape = await modelShape(CHECKOUT, model, (await store?.find({ kind: 'base', key: artifactKey(unit.shared.base) }))?.summary ?? null);
      const { base } = unit.shared;
      const pretrained = model.base.kind === 'pretrain' && !isDone(base) && !counted.has(artifactKey(base)) ? model.base : null;
      counted.add(artifactKey(base));
      rows.push({
        id: unit.id,
        model: unit.model,
        examples: 'dataset' in unit.stages ? `${task.examples.total} + ${task.examples.test}` : String(task.examples.test),
        texts: own.flatMap((recipe) => texts.get(artifactKey(recipe)) ?? []),
        gpuHours: shape && gpuHours({ ...unit.stages }, task, spec, shape, isDone) + (pretrained ? pretrainingHours(pretrained, shape) : 0),
        there: objects === null ? null : own.filter(isDone).length,
        stages: own.length,
      });
    }
    console.log(planTable(spec, rows, [...texts.values()], { skipped: whole.skipped, where: objects?.where ?? null, problems }).join('\n'));
    if (problems.length > 0) process.exitCode = 1;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Stands in for the fingerprints of files that are not there: the grid does not depend on them, only the keys do. */
const namesOnly: Fingerprints = new Proxy({}, { get: (_, location) => `nothing known of ${String(location)}`, ownKeys: () => [] });

/** What each writing stage that is yet to be done would ask, by its key; without those whose source cannot be imported, which is noted. */
async function writingEstimates(
  spec: SweepSpec,
  cells: readonly CellPlan[],
  isDone: (recipe: Recipe) => boolean,
  sourceOf: (recipe: Recipe) => Promise<string>,
  cacheOf: (model: string) => ReturnType<typeof openCachedOnly> | null,
  noted: (error: unknown) => null,
): Promise<Map<string, WritingEstimate>> {
  const estimates = new Map<string, WritingEstimate>();
  const sources = new Map<string, Promise<string | null>>();
  const cache = spec.write?.provider === 'openai' ? await cacheOf(spec.write.model) : null;
  try {
    for (const { task, shared } of cells) {
      for (const recipe of [shared.needles, shared.passages]) {
        if (recipe === undefined || isDone(recipe) || estimates.has(artifactKey(recipe))) continue;
        const source = artifactKey(shared.source);
        sources.set(source, sources.get(source) ?? sourceOf(shared.source).catch(noted));
        const sourceDir = await sources.get(source);
        if (!sourceDir) continue;
        const params = writingParams(recipe);
        const label = `${task}: ${params.expression} ${params.what}`;
        // Without the ranking that a trainer would make: BM25 finds as many passages, if other ones.
        const request = requestOf(params, { sourceDir, rankingDir: undefined }, recipe.seed);
        estimates.set(artifactKey(recipe), await estimateWriting(request, params, llmUseOf(spec), cache, (done) => showProgress(`counting the texts of ${label}: ${done}`)));
      }
    }
  } finally {
    showProgress('');
    await cache?.close();
  }
  return estimates;
}

/** One line that is written over and over, on a terminal only. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
