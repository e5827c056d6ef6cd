/** The paper's tables beside the sweep's own figures, cell by cell. */
import { PAPER_TABLES, type PaperCell, type PaperModel, type PaperTable } from '#activities/paper/tables.ts';
import type { Baseline, Condition, Task } from '#workflows/contracts/experiment.ts';
import type { CellResults, ComparedTable, HeadFindings, SettingCorrelations, SettingResults } from '#workflows/contracts/report.ts';
import type { SweepSpec } from '#workflows/contracts/spec.ts';
import { correlations } from './correlations.ts';
import { cosine, recall, retrievalHeads } from './heads.ts';
import { mean } from './intervals.ts';

const CONDITIONS: Readonly<Record<Condition | Baseline, string>> = {
  real: 'R,R',
  limited: 'R,R (L)',
  'limited-L1': 'R,R (L1)',
  'limited-L2': 'R,R (L2)',
  'limited-L3': 'R,R (L3)',
  'high/high': 'H,H',
  'high/low': 'H,L',
  'low/high': 'L,H',
  'low/low': 'L,L',
  symbolic: 'S,S',
  untuned: 'Non-FT',
  'untuned-scaled': 'Non-FT, theta scaled',
};
const TASKS: Readonly<Record<Task, string>> = { mdqa: 'MDQA', musique: 'MuSiQue', summhay: 'SummHay' };
const MEASURES = { f1: 'F1', heads: '# Heads', n: 'N', complement: 'Compl.', intersection: 'Inter.', random: 'Rand.', original: 'Orig.', delta: 'Δ', meanIntersection: 'Mean score, inter.', meanComplement: 'Mean score, compl.', spearman: 'Spearman' } as const;

/** The paper's model that a sweep's model is held against: Mistral by its name, Llama 3 for all others. */
export const paperModelOf = (model: string): PaperModel => (/mistral/i.test(model) ? 'mistral' : 'llama3');

/**
 * Every table of the paper of which the sweep has at least one cell, per model and variant; what is missing has a reason. `correlated`:
 * the correlations of these settings, where they are known.
 */
export function compareWithPaper(spec: SweepSpec, settings: readonly SettingResults[], correlated: readonly SettingCorrelations[] = correlations(settings)): ComparedTable[] {
  const groups = [...new Set(settings.map(({ model, variant }) => JSON.stringify([model, variant ?? null])))].map((name) => JSON.parse(name) as [string, string | null]);
  return PAPER_TABLES.flatMap((paper) =>
    groups.flatMap(([model, variant]): ComparedTable[] => {
      const modules = spec.variants?.find((candidate) => candidate.variant === variant)?.train.targetModules ?? spec.train.targetModules;
      if (modules !== paper.modules) return [];
      const own = settings.filter((setting) => setting.model === model && (setting.variant ?? null) === variant);
      const cells = compareCells(paper, paperModelOf(model), own, correlated);
      if (cells.every(({ ours }) => ours === null)) return [];
      return [{ table: paper.table, caption: paper.caption, model, paperModel: paperModelOf(model), ...(variant !== null && { variant }), cells }];
    }),
  );
}

function compareCells({ cells }: PaperTable, paperModel: PaperModel, settings: readonly SettingResults[], correlated: readonly SettingCorrelations[]): ComparedTable['cells'] {
  return cells
    .filter(({ model }) => model === paperModel)
    .map((cell) => {
      const found = settings.filter(({ task }) => task === cell.task).map((setting) => ourValue(cell, setting, settings, correlated));
      const values = found.filter((value) => typeof value === 'number');
      const ours = values.length === 0 ? null : mean(values);
      const reason = ours !== null ? null : (found.find((value) => typeof value === 'string') ?? `the sweep has no ${TASKS[cell.task]}`);
      return { ...labels(cell), paper: cell.value, ours, seeds: values.length, difference: ours === null ? null : ours - cell.value, reason, note: cell.note ?? null };
    });
}

function labels(cell: PaperCell): { row: string; column: string } {
  const task = TASKS[cell.task];
  if (cell.measure === 'spearman') return { row: task, column: MEASURES.spearman };
  if (cell.measure === 'cosine') return { row: `${task} ${cell.score}`, column: `${TASKS[cell.againstTask]} ${cell.againstScore}` };
  return { row: `${task} ${CONDITIONS[cell.condition]}`, column: cell.measure === 'recall' ? CONDITIONS[cell.against] : MEASURES[cell.measure] };
}

/** The sweep's own value of a cell, or why it has none. */
function ourValue(cell: PaperCell, setting: SettingResults, settings: readonly SettingResults[], correlated: readonly SettingCorrelations[]): number | string {
  switch (cell.measure) {
    case 'spearman':
      return correlated.find((each) => each.rows === 'all' && isOf(each, setting))?.recall.rho ?? 'recall or F1 does not vary over the cells';
    case 'cosine': {
      const other = settings.find(({ task, seed }) => task === cell.againstTask && seed === setting.seed);
      if (other === undefined) return `the sweep has no ${TASKS[cell.againstTask]}`;
      const [left, right] = [headsOf(setting, 'real'), headsOf(other, 'real')];
      if (typeof left === 'string') return left;
      if (typeof right === 'string') return right;
      return cosine(left[cell.score], right[cell.againstScore]) ?? 'all scores are zero';
    }
    case 'f1': {
      const part = setting.baselines.find(({ baseline }) => baseline === cell.condition) ?? cellOf(setting, cell.condition);
      return part?.evaluation?.f1.mean ?? absent(part, cell.condition, 'evaluated');
    }
    case 'heads':
    case 'recall':
    case 'meanIntersection':
    case 'meanComplement':
      return fromHeads(cell, setting);
    default:
      return fromPatching(cell.measure, cell.condition, setting);
  }
}

const isOf = (a: SettingCorrelations, b: SettingResults) => a.task === b.task && a.model === b.model && a.variant === b.variant && a.seed === b.seed;

type HeadsCell = Extract<PaperCell, { measure: 'heads' | 'recall' | 'meanIntersection' | 'meanComplement' }>;

function fromHeads(cell: HeadsCell, setting: SettingResults): number | string {
  const own = headsOf(setting, cell.condition);
  if (typeof own === 'string') return own;
  if (cell.measure === 'heads') return own.positive;
  const other = headsOf(setting, cell.measure === 'recall' ? cell.against : 'real');
  if (typeof other === 'string') return other;
  const [mine, theirs] = [retrievalHeads(own[own.kind]), retrievalHeads(other[other.kind])];
  if (cell.measure === 'recall') return recall(mine, theirs) ?? 'no head scores above zero';
  const names = new Set(mine.map(String));
  const chosen = theirs.filter((head) => names.has(String(head)) === (cell.measure === 'meanIntersection'));
  return chosen.length === 0 ? 'the set of heads is empty' : mean(chosen.map(([layer, head]) => other[other.kind][layer]?.[head] as number));
}

function fromPatching(measure: 'n' | 'complement' | 'intersection' | 'random' | 'original' | 'delta', condition: Condition, setting: SettingResults): number | string {
  const cell = cellOf(setting, condition);
  // Nothing is patched into the real model: its row has the F1 alone.
  if (measure === 'original' && condition === 'real') return cell?.evaluation?.f1.mean ?? absent(cell, condition, 'evaluated');
  const found = cell?.patching ?? null;
  if (found === null) return cell?.patchingReason ?? absent(cell, condition, 'patched');
  const value = measure === 'n' ? found.n : measure === 'original' ? found.unpatchedF1 : measure === 'delta' ? found.delta : found.f1[measure];
  return value ?? 'nothing was patched';
}

function headsOf(setting: SettingResults, condition: Condition): HeadFindings | string {
  const cell = cellOf(setting, condition);
  return cell?.heads ?? absent(cell, condition, 'scored');
}

/** The cell of a condition; where the paper says "limited" alone of MDQA it means L1, its first subset. */
function cellOf({ cells }: SettingResults, condition: Condition | Baseline): CellResults | undefined {
  return cells.find((cell) => cell.condition === condition) ?? (condition === 'limited' ? cells.find((cell) => cell.condition === 'limited-L1') : undefined);
}

function absent(part: { reason: string | null } | undefined, condition: Condition | Baseline, done: string): string {
  return part === undefined ? `the sweep has no ${CONDITIONS[condition]}` : (part.reason ?? `${CONDITIONS[condition]} was not ${done}`);
}
