/** What was found, in sentences computed from the results; no sentence is there without the numbers it states. */
import { isSynthetic } from '#activities/analysis/index.ts';
import type { CellResults, SettingResults, SweepResults } from '#workflows/contracts/report.ts';
import { maskedByK } from './charts/masking.ts';
import { type Finding, measuredOf } from './finding.ts';
import { patched } from './overall.ts';
import { count, dataName, list, nameOf, plural, range, score, taskName } from './format.ts';

/** How much of the sweep is there. */
export function completeness({ settings }: SweepResults): { done: number; failed: number; missing: number; total: number } {
  const cells = settings.flatMap((setting) => setting.cells);
  const having = (status: CellResults['status']) => cells.filter((cell) => cell.status === status).length;
  return { done: having('done'), failed: having('failed'), missing: having('missing'), total: cells.length };
}

/** One sentence on what was run. */
export function whatWasRun(results: SweepResults): string {
  const { done, failed, missing, total } = completeness(results);
  const models = results.spec.models.length;
  const tasks = list(results.spec.tasks.map(({ task }) => taskName(task)));
  const left = [failed > 0 && `${count(failed)} failed`, missing > 0 && `${count(missing)} not there yet`].filter(Boolean).join(', ');
  return `${plural(models, 'model')} on ${tasks}, ${plural(results.spec.conditions.length, 'kind')} of training data: ${count(done)} of ${plural(total, 'cell')} finished${left ? ` (${left})` : ''}.`;
}

/** Findings of one task with one model, in the order of the paper's argument: F1, heads, masking, patching. */
export function findings(setting: SettingResults): Finding[] {
  return [tuning(setting), ...synthetic(setting), ...heads(setting), ...masking(setting), ...patching(setting)].filter((finding) => finding !== null);
}

/** "Tuning on real data raised F1 from … to …". */
function tuning(setting: SettingResults): Finding | null {
  const { cells, baselines } = setting;
  const cell = cells.find(({ condition, evaluation }) => condition === 'real' && evaluation) ?? cells.find(({ evaluation }) => evaluation);
  const untuned = baselines.find(({ baseline, evaluation }) => baseline === 'untuned' && evaluation)?.evaluation;
  const scaled = baselines.find(({ baseline, evaluation }) => baseline === 'untuned-scaled' && evaluation)?.evaluation;
  if (!cell?.evaluation) return null;
  const { f1 } = cell.evaluation;
  const reached = `${score(f1.mean)} (95 % interval ${range(f1)}, ${plural(cell.evaluation.examples, 'question')})`;
  const start = untuned ?? scaled;
  const from = measuredOf(setting, [cell.condition, ...(untuned ? (['untuned'] as const) : []), ...(scaled ? (['untuned-scaled'] as const) : [])], 'f1');
  if (!start) return { text: `The model tuned on ${dataName(cell.condition)} reached an F1 of ${reached} on the real test split.`, from };
  const change = changed(start.f1.mean, f1.mean, 'raised F1 from', 'lowered F1 from', 'left F1 where it was, from');
  const alone = untuned && scaled ? `; raising the RoPE theta alone gave ${score(scaled.f1.mean)}` : '';
  return { text: `Tuning on ${dataName(cell.condition)} ${change} ${score(start.f1.mean)} (untuned${untuned ? '' : ', theta scaled'}) to ${reached}${alone}.`, from };
}

/** The best synthetic condition against real data, over the same questions. */
function synthetic(setting: SettingResults): Finding[] {
  const others = setting.cells.filter(({ condition, evaluation }) => isSynthetic(condition) && evaluation?.f1MinusReal);
  const best = [...others].sort((a, b) => (b.evaluation?.f1.mean ?? 0) - (a.evaluation?.f1.mean ?? 0))[0];
  if (!best?.evaluation?.f1MinusReal) return [];
  const { f1, f1MinusReal: gap } = best.evaluation;
  const which = others.length === 1 ? `The synthetic condition, ${nameOf(best.condition)},` : `Of ${count(others.length)} synthetic conditions the best, ${nameOf(best.condition)},`;
  const away = Number(gap.mean.toFixed(2)) === 0 ? 'as much as real data' : `${score(Math.abs(gap.mean))} ${gap.mean < 0 ? 'below' : 'above'} real data`;
  const sure = gap.low > 0 || gap.high < 0 ? 'it excludes zero' : 'it includes zero';
  const below = others.filter(({ evaluation }) => (evaluation?.f1MinusReal?.high ?? 0) < 0).length;
  const conditions = others.map(({ condition }) => condition);
  return [
    { text: `${which} reached ${score(f1.mean)}, ${away} (95 % interval of the difference ${range(gap)}; ${sure}).`, from: [...measuredOf(setting, [best.condition], 'f1MinusReal'), ...measuredOf(setting, conditions, 'f1')] },
    ...(others.length > 1 ? [{ text: `For ${count(below)} of ${count(others.length)} synthetic conditions the whole interval of the difference lies below zero.`, from: measuredOf(setting, conditions, 'f1MinusReal') }] : []),
  ];
}

/** Counts of heads and their overlap with the real model's. */
function heads(setting: SettingResults): Finding[] {
  const scored = setting.cells.filter(({ heads: found }) => found);
  if (scored.length === 0) return [];
  const { layers, heads: width, kind } = scored[0]?.heads as NonNullable<CellResults['heads']>;
  const counts = scored.map(({ condition, heads: found }) => `${count(found?.positive ?? 0)} (${nameOf(condition)})`);
  const of = (cells: readonly CellResults[]) => cells.map(({ condition }) => condition);
  const found: Finding[] = [{ text: `Of ${plural(layers * width, 'attention head')}, those with a positive ${kind} score number ${list(counts)}.`, from: measuredOf(setting, of(scored), 'heads') }];
  const overlaps = scored.filter(({ condition, heads: found }) => condition !== 'real' && found?.recall !== null);
  if (overlaps.length > 0) {
    const each = overlaps.map(({ condition, heads: found }) => `${nameOf(condition)} ${score(found?.recall)}${found?.cosine === null ? '' : ` (cosine of scores ${score(found?.cosine)})`}`);
    found.push({ text: `Share of the real-data heads found again by each other condition: ${list(each)}.`, from: measuredOf(setting, of(overlaps), 'overlap') });
  }
  return found;
}

/** What silencing the highest-scoring heads costs, and how often it costs more than silencing random ones. */
function masking(setting: SettingResults): Finding[] {
  const masked = setting.cells.flatMap((cell) => (cell.masking ? [{ cell, masking: cell.masking, byK: maskedByK(cell.masking) }] : []));
  const shown = masked.find(({ cell }) => cell.condition === 'real') ?? masked[0];
  if (!shown) return [];
  const found: Finding[] = [];
  const at = shown.byK.findLast(({ top, random }) => top !== null && random !== null);
  if (at?.random && at.top !== null) {
    const { unmaskedF1 } = shown.masking;
    const change = changed(unmaskedF1, at.top, 'raised its F1 from', 'lowered its F1 from', 'left its F1 at');
    const same = score(unmaskedF1) === score(at.top);
    const draws = at.random.draws === 1 ? 'one draw' : `mean of ${count(at.random.draws)} draws, ${range(at.random)}`;
    found.push({
      text: `Silencing the ${plural(at.k, 'highest-scoring head')} of the model tuned on ${dataName(shown.cell.condition)} ${change} ${score(unmaskedF1)}${same ? '' : ` to ${score(at.top)}`}; silencing as many random heads gave ${score(at.random.mean)} (${draws}).`,
      from: measuredOf(setting, [shown.cell.condition], 'masking'),
    });
  }
  const pairs = masked.flatMap(({ byK }) => byK.filter(({ top, random }) => top !== null && random !== null));
  if (pairs.length > 1) {
    const worse = pairs.filter(({ top, random }) => (top as number) < (random?.low as number)).length;
    found.push({ text: `Over all models and numbers of heads, silencing the highest-scoring ones cost more than every random draw in ${count(worse)} of ${count(pairs.length)} comparisons.`, from: measuredOf(setting, masked.map(({ cell }) => cell.condition), 'masking') });
  }
  return found;
}

/** In how many models patching helped, and where it helped most. */
function patching(setting: SettingResults): Finding[] {
  const found = setting.cells.flatMap(({ condition, patching: each }) => (each && each.delta !== null ? [{ condition, ...each, delta: each.delta }] : []));
  const most = [...found].sort((a, b) => b.delta - a.delta)[0];
  if (!most) return [];
  const raised = found.filter(({ delta }) => delta > 0).length;
  const [kind, f1] = Object.entries(most.f1).reduce((best, each) => ((each[1] ?? -1) > (best[1] ?? -1) ? each : best));
  return [
    {
      text: `Heads patched from the model tuned on real data raised F1 in ${count(raised)} of ${plural(found.length, 'model')}${raised === 0 ? '' : `, most in that tuned on ${dataName(most.condition)}: from ${score(most.unpatchedF1)} to ${score(f1)} (${kind}, ${plural(most.n, 'head')})`}.`,
      from: measuredOf(setting, found.map(({ condition }) => condition), 'patching'),
    },
    ...[patched([setting], 'Of heads')].filter((finding) => finding !== null),
  ];
}

function changed(from: number, to: number, raised: string, lowered: string, kept: string): string {
  if (score(from) === score(to)) return kept;
  return to > from ? raised : lowered;
}
