/** The advisor's answer from the store alone: scores of single examples of every candidate and of the real data, and F1 where some sweep measured it. */
import { join } from 'node:path';
import { Advice, type AdviceSource } from '#workflows/contracts/advice.ts';
import type { Overlap } from '#workflows/contracts/agreement.ts';
import type { ArtifactRef, Recipe } from '#workflows/contracts/artifacts.ts';
import type { Task } from '#workflows/contracts/experiment.ts';
import { InvalidInput, parse } from '#workflows/contracts/parse.ts';
import { Metrics } from '#workflows/contracts/results.ts';
import type { SweepRecord } from '#workflows/contracts/sweep-record.ts';
import type { AdvicePlan, AdvisedCell } from '#workflows/plan/advice.ts';
import { settingId } from '#workflows/ids.ts';
import { gridOf, type Setting } from '#workflows/plan/grid.ts';
import { refOf } from '#workflows/plan/keys.ts';
import { type CellPlan, planSweep, refsOf, unitsOf } from '#workflows/plan/plan.ts';
import { evaluateRecipe, testRecipe } from '#workflows/plan/recipes.ts';
import { agreement } from '../analysis/agreement.ts';
import { scoreKind } from '../analysis/heads.ts';
import { LEVEL } from '../analysis/intervals.ts';
import { ADVICE_RESAMPLES, type Candidate, type ExampleScores, rankCandidates } from '../analysis/overlap.ts';
import { readHeadExamples } from '../score/head-examples.ts';
import { lookUpAll } from '../stage/look-up.ts';
import type { SweepStore } from './rebuild.ts';
import { readSweep } from './records.ts';

/** One cell of a sweep of the store, as the advisor asks about it. */
interface CellOf {
  record: SweepRecord;
  setting: Setting;
  plan: CellPlan | undefined;
}

/** The ranking of an advice's candidates, as far as they are scored. */
export async function adviceOf(sweeps: SweepStore, { advice, real, candidates }: AdvicePlan): Promise<Advice> {
  const records = new Map<string, SweepRecord>();
  for (const { sweep } of [real, ...candidates]) if (!records.has(sweep)) records.set(sweep, await readSweep(sweeps.documents, sweep));
  const find = ({ sweep, condition }: AdvisedCell): CellOf => {
    const record = records.get(sweep) as SweepRecord;
    const setting = gridOf(record.spec)[0] as Setting;
    return { record, setting, plan: planSweep(record.spec, record.fingerprints).cells.find((cell) => cell.condition === condition) };
  };
  return adviceOver(sweeps, advice.name, advice.by, advice.seed, [{ setting: settingId({ task: advice.task.task, model: advice.model.model }), real: find(real), candidates: candidates.map((one) => ({ name: one.name, cell: find(one) })) }]);
}

/** The ranking of every condition of a sweep of the store, in each of its settings. @throws InvalidInput where it has no real data to compare with */
export async function adviceOnSweep(sweeps: SweepStore, sweep: string, by: Overlap): Promise<Advice> {
  const record = await readSweep(sweeps.documents, sweep);
  const { cells } = planSweep(record.spec, record.fingerprints);
  const planOf = new Map(cells.map((cell) => [cell.id, cell]));
  const settings = gridOf(record.spec).flatMap((setting) => {
    const [real, ...others] = [...setting.cells.filter(({ condition }) => condition === 'real'), ...setting.cells.filter(({ condition, lacking }) => condition !== 'real' && lacking === null)];
    if (real === undefined || real.condition !== 'real' || others.length === 0) return [];
    const cellOf = (id: string): CellOf => ({ record, setting, plan: planOf.get(id) });
    return [{ setting: settingId({ ...setting, task: setting.task.task, model: setting.model.model }), real: cellOf(real.id), candidates: others.map(({ id, condition }) => ({ name: condition as string, cell: cellOf(id) })) }];
  });
  if (settings.length === 0) throw new InvalidInput(`sweep ${sweep}`, [`conditions: found ${JSON.stringify(record.spec.conditions)}, allowed: "real" and at least one other, to be compared with it`]);
  return adviceOver(sweeps, sweep, by, record.spec.seed, settings);
}

async function adviceOver(sweeps: SweepStore, name: string, by: Overlap, seed: number, settings: readonly { setting: string; real: CellOf; candidates: readonly { name: string; cell: CellOf }[] }[]): Promise<Advice> {
  const bootstrap = { resamples: ADVICE_RESAMPLES, level: LEVEL, seed };
  const rankings = [];
  const sources: AdviceSource[] = [];
  for (const { setting, real, candidates } of settings) {
    const scored: Candidate[] = [];
    for (const { name: candidate, cell } of candidates) {
      const [evaluated, scores] = [await evaluatedOf(sweeps, cell), await scoresOf(sweeps, cell)];
      scored.push({ name: candidate, f1: evaluated?.f1 ?? null, scores });
      sources.push(sourceOf(setting, candidate, cell, scores, evaluated?.ref));
    }
    const reference = await scoresOf(sweeps, real);
    sources.push(sourceOf(setting, null, real, reference));
    rankings.push(rankCandidates(setting, reference, scored, by, bootstrap));
  }
  const measured = rankings.map(({ setting, candidates }) => ({ setting, candidates: candidates.map(({ name: candidate, recall, cosine, f1 }) => ({ name: candidate, recall: recall?.mean ?? null, cosine: cosine?.mean ?? null, f1 })) }));
  return parse(Advice, { schemaVersion: 2, name, by, rankings, sources, agreement: agreement(measured), methods: { bootstrap } }, 'advice.json');
}

/** What was read of a cell. */
function sourceOf(setting: string, name: string | null, { record, plan }: CellOf, scores: Candidate['scores'], evaluated?: ArtifactRef): AdviceSource {
  const scored = 'reason' in scores || plan?.stages.score === undefined ? [] : [refOf(plan.stages.score)];
  return { setting, name, sweep: record.sweep, unit: plan?.id ?? null, artifacts: [...scored, ...(evaluated === undefined ? [] : [evaluated])] };
}

/** Scores of single examples, or why there are none. */
async function scoresOf({ store }: SweepStore, { record, setting, plan }: CellOf): Promise<Candidate['scores']> {
  const recipe = plan?.stages.score;
  if (plan === undefined || recipe === undefined) return { reason: 'the sweep has no such cell, or does not score its heads' };
  const ref = refOf(recipe);
  const found = await lookUpAll(store, refsOf(unitsOf({ baselines: [], cells: [plan] })));
  const { state } = found.get(ref.key) ?? { state: 'missing' };
  if (state !== 'finished') return { reason: state === 'missing' ? `its heads are not scored (sweep ${record.sweep})` : 'its scores are outdated: what they were made from was made anew since' };
  return exampleScores(join(await store.fetch({ kind: ref.stage, key: ref.key }), 'examples.safetensors'), setting.task.task);
}

/** The scores of the task's kind of all examples that count, from a file of a score artifact. */
export async function exampleScores(file: string, task: Task): Promise<ExampleScores> {
  const { layers, heads, counted, ...scores } = await readHeadExamples(file);
  const all = scores[scoreKind(task)];
  const size = layers * heads;
  const rows = counted.flatMap((counts, at) => (counts ? [at] : []));
  const kept = new Float32Array(rows.length * size);
  for (const [to, from] of rows.entries()) kept.set(all.subarray(from * size, (from + 1) * size), to * size);
  return { examples: rows.length, layers, heads, scores: kept };
}

/**
 * F1 of the candidate's model on the real test split, where the store has it: the advisor leaves it out, but another sweep may have
 * measured it. Not where what it was measured from was made anew since.
 */
async function evaluatedOf({ store }: SweepStore, { record, setting, plan }: CellOf): Promise<{ f1: number; ref: ArtifactRef } | null> {
  const recipe = plan && evaluationOf(record, setting, plan);
  if (!recipe) return null;
  const ref = refOf(recipe);
  const found = (await lookUpAll(store, [ref])).get(ref.key);
  if (found?.state !== 'finished') return null;
  return { f1: parse(Metrics, JSON.parse((await store.read(found.manifest, 'metrics.json')).toString('utf8')), 'metrics.json of an evaluate artifact').f1, ref };
}

function evaluationOf({ spec }: SweepRecord, { task, model, tuned }: Setting, { shared, stages }: CellPlan): Recipe | null {
  if (stages.evaluate) return stages.evaluate;
  // Examples from a file have a test split only where one is given.
  if (!stages.train || (task.source.kind === 'examples' && task.source.test === undefined)) return null;
  const { source, base, ranking } = shared;
  const test = testRecipe(spec, task, { source: refOf(source), base: refOf(base), ...(ranking && { ranking: refOf(ranking) }) });
  return evaluateRecipe(tuned, model, { base: refOf(base), adapter: refOf(stages.train), test: refOf(test) });
}
