/** What was found over all settings of a sweep, in sentences computed from the results: in how many of them something holds. */
import { dataOf } from '#workflows/contracts/experiment.ts';
import type { CellResults, SettingResults, SweepResults } from '#workflows/contracts/report.ts';
import { maskedByK } from './charts/masking.ts';
import { count, plural, score, settingName } from './format.ts';

/** Below this a correlation is called significant. */
const SIGNIFICANT = 0.05;

/** Sentences over several settings; none where there is one only, whose own findings say it all. */
export function overall(results: SweepResults): string[] {
  if (results.settings.length < 2) return [];
  const { settings } = results;
  return [realIsBest(settings), fewerHeads(settings), correlated(results), silenced(settings), patched(settings.flatMap(({ cells }) => cells), 'Over all settings, heads')].filter((sentence) => sentence !== null);
}

/** "… those of the intersection beat as many random ones in 9 of 10 models, …": of the models where both were patched. */
export function patched(cells: readonly CellResults[], subject: string): string | null {
  const counts = (['intersection', 'complement'] as const).flatMap((kind) => {
    const pairs = cells.flatMap(({ patching }) => (patching && patching.f1[kind] !== null && patching.f1.random !== null ? [{ own: patching.f1[kind], random: patching.f1.random }] : []));
    return pairs.length === 0 ? [] : [`those of the ${kind} beat as many random ones in ${count(pairs.filter(({ own, random }) => own > random).length)} of ${plural(pairs.length, 'model')}`];
  });
  return counts.length === 0 ? null : `${subject} patched from the real-data model: ${counts.join(', ')}.`;
}

function realIsBest(settings: readonly SettingResults[]): string | null {
  const compared = settings.flatMap(({ cells }) => {
    const real = cells.find(({ condition }) => condition === 'real')?.evaluation?.f1.mean;
    const others = cells.flatMap(({ condition, evaluation }) => (isSynthetic(condition) && evaluation ? [evaluation.f1.mean] : []));
    return real === undefined || others.length === 0 ? [] : [{ real, best: Math.max(...others) }];
  });
  if (compared.length === 0) return null;
  const gaps = compared.map(({ real, best }) => real - best);
  return `Real data gave a higher F1 than every synthetic condition in ${count(gaps.filter((gap) => gap > 0).length)} of ${plural(compared.length, 'setting')}; the best synthetic condition was at most ${score(Math.max(0, ...gaps))} below it.`;
}

function fewerHeads(settings: readonly SettingResults[]): string | null {
  const pairs = settings.flatMap(({ cells }) => {
    const real = cells.find(({ condition }) => condition === 'real')?.heads;
    return real ? cells.flatMap(({ condition, heads }) => (isSynthetic(condition) && heads ? [{ real: real.positive, own: heads.positive }] : [])) : [];
  });
  if (pairs.length === 0) return null;
  return `Tuning on synthetic data left fewer heads with a positive score than tuning on real data in ${count(pairs.filter(({ real, own }) => own < real).length)} of ${plural(pairs.length, 'model')}.`;
}

function correlated({ correlations, settings }: SweepResults): string | null {
  const parts = (['cosine', 'recall'] as const).flatMap((overlap) => {
    const found = settings.flatMap((setting) => correlations.filter((each) => each.rows === 'all' && settingName(each) === settingName(setting)).flatMap((each) => (each[overlap].rho === null ? [] : [{ ...each[overlap], rho: each[overlap].rho }])));
    if (found.length === 0) return [];
    const rising = found.filter(({ rho }) => rho > 0);
    return [`${overlap} in ${count(rising.length)} of ${plural(found.length, 'setting')} (p < ${SIGNIFICANT} in ${count(rising.filter(({ p }) => p !== null && p < SIGNIFICANT).length)})`];
  });
  return parts.length === 0 ? null : `F1 rises with the overlap of heads with real data’s (Spearman above zero): ${parts.join(', ')}.`;
}

function silenced(settings: readonly SettingResults[]): string | null {
  const pairs = settings.flatMap(({ cells }) => cells.flatMap(({ masking }) => (masking ? maskedByK(masking) : []))).flatMap(({ top, random }) => (top === null || random === null ? [] : [{ top, random }]));
  if (pairs.length === 0) return null;
  return `Silencing the highest-scoring heads cost more than every draw of as many random ones in ${count(pairs.filter(({ top, random }) => top < random.low).length)} of ${plural(pairs.length, 'comparison')} over all models and numbers of heads.`;
}

/** Neither real data nor a limited subset of it. */
export function isSynthetic(condition: CellResults['condition']): boolean {
  const { kind } = dataOf(condition);
  return kind !== 'real' && kind !== 'limited';
}
