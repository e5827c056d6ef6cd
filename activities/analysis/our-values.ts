/** A sweep's own value of each number of the paper's tables, from the results of its settings. */
import type { PaperCell } from '#activities/paper/tables.ts';
import type { Baseline, Condition, Task } from '#workflows/contracts/experiment.ts';
import type { BaselineResults, CellResults, HeadFindings, SettingCorrelations, SettingResults } from '#workflows/contracts/report.ts';
import type { SweepSpec } from '#workflows/contracts/spec.ts';
import { cosine, recall, retrievalHeads } from './heads.ts';
import { mean } from './intervals.ts';
import { conditionLabel, taskLabel } from './table-labels.ts';

/** What a sweep has to be held against the paper: all settings tuned in one way, and their correlations. */
export interface Measured {
  spec: Pick<SweepSpec, 'tasks'>;
  settings: readonly SettingResults[];
  correlated: readonly SettingCorrelations[];
}

/**
 * The value that a setting of the cell's task has for a number of the paper, or a sentence on why it has none.
 * - `f1`: mean F1 on the real test split (Tables 1, 5–10, 13–16).
 * - `heads`: heads with a positive score (section 4.1), of `condition`.
 * - `recall`: |H_condition ∩ H_against| / |H_against| (Tables 5–10, 14–16).
 * - `meanIntersection`, `meanComplement`: mean score over H_real ∩ H_condition and over H_real \ H_condition (Tables 12, 19), each
 *   the score that **the model tuned on real data** gives the head. Section 5 defines the complement as H_real \ H_synth, "the set
 *   of retrieval scoring attention heads on the real data" without those of the synthetic data: there the synthetic model's
 *   scores are zero by definition, and Table 12 has none that is zero. The tables' own numbers say the same: with the counts and
 *   recalls of Tables 5–10 and 14–16, mean × size, summed over both sets, is one and the same total score of H_real in every
 *   row of a task and model (test/activities/paper/mean-scores.test.ts).
 * - `n`, `complement`, `intersection`, `random`, `original`, `delta`: as patched (section 5, Tables 3, 11, 18); the real row has only its F1.
 * - `cosine`: of the score matrices of two tasks' real models (section 4.3, Tables 2, 17).
 * - `spearman`: of the first column of the task's recall table with F1, over all its rows (section 4.2, Table 4).
 */
export function ourValue(cell: PaperCell, setting: SettingResults, measured: Measured): number | string {
  const find = (condition: Condition | Baseline) => cellOf(measured.spec, setting, condition);
  switch (cell.measure) {
    case 'spearman':
      return measured.correlated.find((each) => each.rows === 'all' && isOf(each, setting))?.recall.rho ?? 'recall or F1 does not vary over the cells';
    case 'cosine':
      return acrossTasks(cell, setting, measured);
    case 'f1': {
      const part = setting.baselines.find(({ baseline }) => baseline === cell.condition) ?? find(cell.condition);
      return part?.evaluation?.f1.mean ?? absent(part, cell.condition, 'evaluated');
    }
    case 'heads': {
      const own = headsOf(find(cell.condition), cell.condition);
      return typeof own === 'string' ? own : own.positive;
    }
    case 'recall':
    case 'meanIntersection':
    case 'meanComplement': {
      const against = cell.measure === 'recall' ? cell.against : 'real';
      const [own, other] = [headsOf(find(cell.condition), cell.condition), headsOf(find(against), against)];
      if (typeof own === 'string') return own;
      if (typeof other === 'string') return other;
      return cell.measure === 'recall' ? recallOf(own, other) : meanScore(own, other, cell.measure === 'meanIntersection');
    }
    default:
      return patched(cell.measure, find(cell.condition), cell.condition);
  }
}

function acrossTasks(cell: Extract<PaperCell, { measure: 'cosine' }>, setting: SettingResults, { spec, settings }: Measured): number | string {
  const other = settings.find(({ task, seed }) => task === cell.againstTask && seed === setting.seed);
  if (other === undefined) return `the sweep has no ${taskLabel(cell.againstTask)}`;
  const [left, right] = [setting, other].map((each) => headsOf(cellOf(spec, each, 'real'), 'real')) as [HeadFindings | string, HeadFindings | string];
  if (typeof left === 'string') return left;
  if (typeof right === 'string') return right;
  return cosine(left[cell.score], right[cell.againstScore]) ?? 'all scores are zero';
}

const headsIn = (found: HeadFindings) => retrievalHeads(found[found.kind]);

function recallOf(own: HeadFindings, other: HeadFindings): number | string {
  return recall(own[own.kind], other[other.kind]) ?? 'no head scores above zero';
}

/** Mean of the real model's scores over those of its heads that the other model shares, or over those that it does not. */
function meanScore(own: HeadFindings, real: HeadFindings, shared: boolean): number | string {
  const names = new Set(headsIn(own).map(String));
  const chosen = headsIn(real).filter((head) => names.has(String(head)) === shared);
  return chosen.length === 0 ? 'the set of heads is empty' : mean(chosen.map(([layer, head]) => real[real.kind][layer]?.[head] as number));
}

function patched(measure: 'n' | 'complement' | 'intersection' | 'random' | 'original' | 'delta', cell: CellResults | undefined, condition: Condition): number | string {
  // Nothing is patched into the real model: its row has the F1 alone.
  if (measure === 'original' && condition === 'real') return cell?.evaluation?.f1.mean ?? absent(cell, condition, 'evaluated');
  const found = cell?.patching ?? null;
  if (found === null) return cell?.patchingReason ?? absent(cell, condition, 'patched');
  const value = measure === 'n' ? found.n : measure === 'original' ? found.unpatchedF1 : measure === 'delta' ? found.delta : found.f1[measure];
  return value ?? 'nothing was patched';
}

const headsOf = (cell: CellResults | undefined, condition: Condition): HeadFindings | string => cell?.heads ?? absent(cell, condition, 'scored');

const isOf = (a: SettingCorrelations, b: SettingResults) => a.task === b.task && a.model === b.model && a.variant === b.variant && a.seed === b.seed;

/**
 * The cell that the paper means by a condition. "Limited" alone is L1 in the paper's MDQA (appendix C.1), and in a sweep the
 * subset that the task's `limited` names.
 */
export function cellOf(spec: Measured['spec'], { task, cells }: SettingResults, condition: Condition | Baseline): CellResults | undefined {
  const limited = spec.tasks.find((each) => each.task === task)?.limited ?? 'L1';
  const named = (own: Condition | Baseline, subset: string) => (task === 'mdqa' && own === 'limited' ? `limited-${subset}` : own);
  return cells.find((cell) => named(cell.condition, limited) === named(condition, 'L1'));
}

function absent(part: CellResults | BaselineResults | undefined, condition: Condition | Baseline, done: string): string {
  return part === undefined ? `the sweep has no ${conditionLabel(condition)}` : (part.reason ?? `${conditionLabel(condition)} was not ${done}`);
}

/** Why a task's numbers are not there at all. */
export const withoutTask = (task: Task): string => `the sweep has no ${taskLabel(task)}`;
