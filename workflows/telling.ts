/** The end of a sweep: its report over what there is, or the failure that says why there is none. */
import { ApplicationFailure, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { Recipe, StageResult } from './contracts/artifacts.ts';
import type { SweepResult } from './contracts/progress.ts';
import type { SweepSpec } from './contracts/spec.ts';
import { artifactKey, refOf } from './plan/keys.ts';
import { type BaselinePlan, type CellPlan, type Plan, refsOf } from './plan/plan.ts';
import { reportRecipe } from './plan/recipes.ts';
import { POLICIES } from './policies.ts';
import { explained, runStage } from './stage.ts';

const { findFinished, publishReport } = proxyActivities<Activities>(POLICIES.lookup);

/**
 * Writes the report and puts it where people find it. Throws `SweepFailed` with every cause if no cell could be finished
 * (what there is of them is reported all the same), or if cells failed and the report, too.
 */
export async function tellSweep(name: string, spec: SweepSpec, plan: Plan, failures: SweepResult['failures']) {
  const everyOne = failures.length === plan.baselines.length + plan.cells.length;
  const sweepFailed = (note: string) =>
    ApplicationFailure.nonRetryable(`${everyOne ? 'no cell of the sweep could be finished' : 'cells of the sweep failed'}:\n${causesOf(failures)}${note}`, 'SweepFailed');
  const told = await publishedReport(name, spec, plan, failures).catch((error: unknown) => {
    if (failures.length === 0 || isCancellation(error)) throw error;
    throw sweepFailed(`\nand no report could be written: ${error instanceof Error ? error.message : String(error)}`);
  });
  if (told === null) throw sweepFailed('');
  if (everyOne) throw sweepFailed(`\nreport of what there is: ${told.published.reportFile}`);
  return told;
}

async function publishedReport(name: string, spec: SweepSpec, plan: Plan, failures: SweepResult['failures']) {
  const report = await writeReport(spec, plan, failures);
  return report && { report, published: await explained(publishReport({ report: report.ref, sweep: name })) };
}

/** The report over every artifact of the sweep that exists now, with the reasons for what is missing; null where none does. */
async function writeReport(spec: SweepSpec, plan: Plan, failures: SweepResult['failures']): Promise<StageResult | null> {
  const units = [...plan.baselines, ...plan.cells];
  const failed = new Set(failures.map(({ cell: id }) => id));
  // What a failed cell finished before it failed is shown too.
  const finished = failed.size === 0 ? {} : await explained(findFinished(refsOf(units.filter(({ id }) => failed.has(id)))));
  const isThere = (unit: CellPlan | BaselinePlan) => (recipe: Recipe) => !failed.has(unit.id) || artifactKey(recipe) in finished;
  if (!units.some((unit) => Object.values(unit.stages).some(isThere(unit)))) return null;
  const inputs = Object.fromEntries(
    units.flatMap((unit) =>
      Object.entries<Recipe>({ ...unit.shared, ...unit.stages })
        .filter(([, recipe]) => isThere(unit)(recipe))
        .map(([role, recipe]) => [`${unit.id}: ${role}`, refOf(recipe)] as const),
    ),
  );
  const missing = Object.fromEntries(failures.map(({ cell: id, message }) => [id, message]));
  return runStage(spec.name, reportRecipe(spec, inputs, missing, plan.skipped));
}

/** One line per cause, with the cells it stopped: what cells share fails all of them at once. */
function causesOf(failures: SweepResult['failures']): string {
  const cells = Map.groupBy(failures, ({ message }) => message);
  return [...cells].map(([message, of]) => `  - ${message} (stopped ${of.map(({ cell: id }) => id).join(', ')})`).join('\n');
}
