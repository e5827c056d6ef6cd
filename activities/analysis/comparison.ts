/** Two sweeps side by side: the same cells of both, and where they were asked for other things. Pure. */
import type { Baseline, Condition } from '#workflows/contracts/experiment.ts';
import type { ComparedCell, ComparedSide, SweepComparison } from '#workflows/contracts/comparison.ts';
import type { SettingResults, StageFacts } from '#workflows/contracts/report.ts';
import { retrievalHeads, cosine } from './heads.ts';
import { bootstrapMean, type Bootstrap } from './intervals.ts';
import { specDifferences } from './spec-differences.ts';
import { unitId } from './units.ts';
import { analyseSweep, type EvaluateFiles, type SweepFiles } from './sweep.ts';

/** A sweep as it is known by name, with the contents of its artifacts. */
export interface NamedFiles {
  sweep: string;
  files: SweepFiles;
}

type By = Condition | Baseline;
type CellOf = SettingResults['cells'][number];
type Own = { side: ComparedSide; evaluate: EvaluateFiles | undefined; heads: CellOf['heads'] };
type Place = Pick<ComparedCell, 'task' | 'model' | 'variant' | 'seed' | 'by'>;

/** @throws RangeError where the artifacts of one sweep contradict each other */
export function compareSweeps(a: NamedFiles, b: NamedFiles): SweepComparison {
  // Of sweeps that have one seed each, the seeds may differ: that is one of the differences, not another cell.
  const bySeed = [a, b].some(({ files }) => files.settings.some(({ seed }) => seed !== undefined));
  const [left, right] = [cellsOf(a, bySeed), cellsOf(b, bySeed)];
  const { methods } = left.results;
  const places = new Map([...left.cells, ...right.cells].map(([id, { place }]) => [id, place]));
  return {
    schemaVersion: 2,
    a: { sweep: a.sweep, description: a.files.spec.description },
    b: { sweep: b.sweep, description: b.files.spec.description },
    differences: specDifferences(a.files.spec, b.files.spec),
    cells: [...places].map(([id, place]) => comparedCell(place, left.cells.get(id)?.own ?? null, right.cells.get(id)?.own ?? null, methods.bootstrap)),
    methods,
  };
}

function cellsOf({ files }: NamedFiles, bySeed: boolean) {
  const results = analyseSweep(files);
  const cells = new Map<string, { place: Place; own: Own }>();
  for (const [at, setting] of results.settings.entries()) {
    const contents = files.settings[at]!;
    const add = (by: By, own: Own) => {
      const place: Place = { task: setting.task, model: setting.model, variant: setting.variant ?? null, seed: bySeed ? (setting.seed ?? files.spec.seed) : null, by };
      cells.set(JSON.stringify(Object.values(place)), { place, own });
    };
    for (const [index, baseline] of setting.baselines.entries()) add(baseline.baseline, { side: sideOf(setting, baseline.baseline, baseline, null), evaluate: contents.baselines[index]!.evaluate, heads: null });
    for (const [index, cell] of setting.cells.entries()) add(cell.condition, { side: sideOf(setting, cell.condition, cell, cell.heads), evaluate: contents.cells[index]!.evaluate, heads: cell.heads });
  }
  return { results, cells };
}

function sideOf(setting: SettingResults, by: By, { status, reason, evaluation, stages }: Pick<CellOf, 'status' | 'reason' | 'evaluation' | 'stages'>, heads: CellOf['heads']): ComparedSide {
  return {
    status,
    reason,
    unit: unitId(setting, by),
    artifacts: finished(stages),
    test: finished(setting.test.stages)[0] ?? null,
    examples: evaluation?.examples ?? null,
    f1: evaluation?.f1 ?? null,
    exactMatch: evaluation?.exactMatch ?? null,
    positive: heads?.positive ?? null,
    heads: heads && heads.layers * heads.heads,
    recall: heads?.recall ?? null,
    cosine: heads?.cosine ?? null,
  };
}

const finished = (stages: readonly StageFacts[]): ComparedSide['artifacts'] => stages.flatMap(({ stage, key, status }) => (status === 'done' ? [{ stage, key }] : []));

const ABSENT: ComparedSide = { status: 'missing', reason: 'the sweep has no such cell', unit: null, artifacts: [], test: null, examples: null, f1: null, exactMatch: null, positive: null, heads: null, recall: null, cosine: null };

function comparedCell(place: Place, a: Own | null, b: Own | null, bootstrap: Bootstrap): ComparedCell {
  const difference = f1Difference(a?.evaluate, b?.evaluate, bootstrap);
  return { ...place, a: a?.side ?? ABSENT, b: b?.side ?? ABSENT, ...difference, ...headOverlap(a?.heads ?? null, b?.heads ?? null) };
}

function f1Difference(a: EvaluateFiles | undefined, b: EvaluateFiles | undefined, bootstrap: Bootstrap): Pick<ComparedCell, 'f1' | 'f1Reason'> {
  if (a === undefined || b === undefined) return { f1: null, f1Reason: 'F1 was not measured in both' };
  const [left, right] = [a.metrics.perExample, b.metrics.perExample];
  if (left.length !== right.length || left.some(({ id }, at) => id !== right[at]!.id)) return { f1: null, f1Reason: 'they answered other questions' };
  return { f1: bootstrapMean(left.map(({ f1 }, at) => right[at]!.f1 - f1), bootstrap), f1Reason: null };
}

function headOverlap(a: CellOf['heads'], b: CellOf['heads']): Pick<ComparedCell, 'jaccard' | 'cosine'> {
  if (a === null || b === null || a.layers !== b.layers || a.heads !== b.heads) return { jaccard: null, cosine: null };
  const names = [a, b].map((each) => retrievalHeads(each[each.kind]).map(String)) as [string[], string[]];
  const union = new Set(names.flat());
  const shared = names[0].filter((name) => names[1].includes(name)).length;
  return { jaccard: union.size === 0 ? null : shared / union.size, cosine: cosine(a[a.kind], b[b.kind]) };
}
