/** The end of a sweep: its report over what there is, or the failure that says why there is none. */
import { ApplicationFailure, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { Recipe, StageResult } from './contracts/artifacts.ts';
import type { SweepResult } from './contracts/progress.ts';
import type { FindResult } from './contracts/requests.ts';
import type { SweepSpec } from './contracts/spec.ts';
import { failureOf } from './failures.ts';
import { findAll } from './finding.ts';
import { artifactKey } from './plan/keys.ts';
import { type Plan, recipesOf, refsOf, type Unit, unitsOf } from './plan/plan.ts';
import { reportOver, rolesOf } from './plan/report.ts';
import { POLICIES } from './policies.ts';
import { explained, runReport } from './stage.ts';
import type { SweepRun } from './sweep-run.ts';
import { remakeLost } from './units.ts';

const { publishReport } = proxyActivities<Activities>(POLICIES.lookup);

/** What the end of a sweep is told from: its run, and what is missing of it (units that were given up, cells that could not be patched). */
type Told = Pick<SweepRun, 'name' | 'desk' | 'plan' | 'fingerprints' | 'finished' | 'failures' | 'unpatched'>;

/**
 * Writes the report and puts it where people find it. Throws `SweepFailed` with every cause if no cell could be finished
 * (what there is of them is reported all the same), or if cells failed and the report, too. `whole` is the plan of which
 * the run may be a part.
 */
export async function tellSweep(run: SweepRun, spec: SweepSpec, whole: Plan) {
  const { failures, plan } = run;
  const everyOne = new Set(failures.map(({ cell: id }) => id)).size === plan.baselines.length + plan.cells.length;
  const sweepFailed = (note: string) =>
    ApplicationFailure.nonRetryable(`${everyOne ? 'no cell of the sweep could be finished' : 'cells of the sweep failed'}:\n${causesOf(failures)}${note}`, 'SweepFailed');
  const told = await publishedReport(run, spec, whole).catch((error: unknown) => {
    if (failures.length === 0 || isCancellation(error)) throw error;
    throw sweepFailed(`\nand no report could be written: ${error instanceof Error ? error.message : String(error)}`);
  });
  if (told === null) throw sweepFailed('');
  if (everyOne) throw sweepFailed(`\nreport of what there is: ${told.published.reportFile}`);
  return told;
}

async function publishedReport(run: SweepRun, spec: SweepSpec, whole: Plan) {
  for (let { finished } = run; ; finished = {}) {
    try {
      const report = await writeReport(run, finished, spec, whole);
      return report && { report, published: await explained(publishReport.executeWithOptions({ summary: `${run.name}: the report is put in its folder` }, [{ report: report.ref, sweep: run.name }])) };
    } catch (error) {
      if (isCancellation(error) || !run.healing.takes('the report', failureOf(error, run.name))) throw error;
      await remakeLost(run, unitsOf(run.plan));
    }
  }
}

/** The report over every artifact of the sweep that exists now, with the reasons for what is missing; null where none does. `reports`: those that there are. */
async function writeReport({ desk, plan, fingerprints, finished, failures, unpatched }: Told, reports: FindResult, spec: SweepSpec, whole: Plan): Promise<StageResult | null> {
  const units = unitsOf(whole);
  const failed = new Set(failures.map(({ cell: id }) => id));
  // What a failed cell finished before it failed is shown too.
  const foundOfFailed = failed.size === 0 ? {} : await findAll(refsOf(units.filter(({ id }) => failed.has(id))));
  const inRun = new Set(unitsOf(plan).flatMap(recipesOf).map(artifactKey));
  const isThere = (unit: Unit, recipe: Recipe) => {
    const key = artifactKey(recipe);
    if (failed.has(unit.id)) return key in foundOfFailed;
    if (recipe.stage === 'patch' && unit.id in unpatched) return false;
    return inRun.has(key) || key in finished;
  };
  if (!units.some((unit) => Object.values<Recipe>({ ...unit.stages }).some((recipe) => isThere(unit, recipe)))) return null;
  const absent = units.flatMap((unit) => rolesOf(unit).flatMap(([role, recipe]) => (isThere(unit, recipe) ? [] : [role])));
  const reasons = Map.groupBy(failures, ({ cell: id }) => id);
  const missing = Object.fromEntries([
    ...[...reasons].map(([id, of]) => [id, of.map(({ message }) => message).join('; ')] as const),
    ...Object.entries(unpatched).map(([id, reason]) => [`${id}: patch`, reason] as const),
  ]);
  const unselected = Object.fromEntries(
    units.flatMap((unit) => {
      const stages = failed.has(unit.id) ? [] : Object.entries<Recipe>({ ...unit.stages }).filter(([, recipe]) => !inRun.has(artifactKey(recipe)) && !(artifactKey(recipe) in finished));
      return stages.length === 0 ? [] : [[unit.id, `${stages.map(([stage]) => stage).join(', ')}: not part of this run (only)`] as const];
    }),
  );
  const report = { spec, absent, missing, skipped: { ...whole.skipped, ...unselected } };
  return reports[artifactKey(reportOver(report, whole))] ?? runReport({ ...report, fingerprints }, desk.meansOfShared());
}

/** One line per cause, with the cells it stopped: what cells share fails all of them at once. */
function causesOf(failures: SweepResult['failures']): string {
  const cells = Map.groupBy(failures, ({ message }) => message);
  return [...cells].map(([message, of]) => `  - ${message} (stopped ${of.map(({ cell: id }) => id).join(', ')}). What to do: ${of[0]!.remedy}`).join('\n');
}
