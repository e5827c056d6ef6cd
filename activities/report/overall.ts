/** What was found over all settings of a sweep, in sentences computed from the results: in how many of them something holds. */
import { isSynthetic } from '#activities/analysis/index.ts';
import type { SettingResults, SweepResults } from '#workflows/contracts/report.ts';
import { maskedByK } from './charts/masking.ts';
import { type Finding, measuredOf } from './finding.ts';
import { count, plural, score, settingName } from './format.ts';
import { correlationEntry, measured } from './traces.ts';

/** Below this a correlation is called significant. */
const SIGNIFICANT = 0.05;

/** Sentences over several settings; none where there is one only, whose own findings say it all. */
export function overall(results: SweepResults): Finding[] {
  if (results.settings.length < 2) return [];
  const { settings } = results;
  return [realIsBest(settings), fewerHeads(settings), correlated(results), silenced(settings), patched(settings, 'Over all settings, heads')].filter((finding) => finding !== null);
}

/** "… those of the intersection beat as many random ones in 9 of 10 models, …": of the models where both were patched. */
export function patched(settings: readonly SettingResults[], subject: string): Finding | null {
  const cells = settings.flatMap((setting) => setting.cells.flatMap(({ condition, patching }) => (patching === null ? [] : [{ from: measured(setting, condition, 'patching'), f1: patching.f1 }])));
  const counts = (['intersection', 'complement'] as const).flatMap((kind) => {
    const pairs = cells.flatMap(({ f1, from }) => (f1[kind] !== null && f1.random !== null ? [{ own: f1[kind], random: f1.random, from }] : []));
    return pairs.length === 0 ? [] : [{ text: `those of the ${kind} beat as many random ones in ${count(pairs.filter(({ own, random }) => own > random).length)} of ${plural(pairs.length, 'model')}`, from: pairs.map(({ from }) => from) }];
  });
  return counts.length === 0 ? null : { text: `${subject} patched from the real-data model: ${counts.map(({ text }) => text).join(', ')}.`, from: counts.flatMap(({ from }) => from) };
}

function realIsBest(settings: readonly SettingResults[]): Finding | null {
  const compared = settings.flatMap((setting) => {
    const real = setting.cells.find(({ condition }) => condition === 'real')?.evaluation?.f1.mean;
    const others = setting.cells.flatMap(({ condition, evaluation }) => (isSynthetic(condition) && evaluation ? [{ condition, f1: evaluation.f1.mean }] : []));
    return real === undefined || others.length === 0 ? [] : [{ real, best: Math.max(...others.map(({ f1 }) => f1)), from: measuredOf(setting, ['real', ...others.map(({ condition }) => condition)], 'f1') }];
  });
  if (compared.length === 0) return null;
  const gaps = compared.map(({ real, best }) => real - best);
  return {
    text: `Real data gave a higher F1 than every synthetic condition in ${count(gaps.filter((gap) => gap > 0).length)} of ${plural(compared.length, 'setting')}; the best synthetic condition was at most ${score(Math.max(0, ...gaps))} below it.`,
    from: compared.flatMap(({ from }) => from),
  };
}

function fewerHeads(settings: readonly SettingResults[]): Finding | null {
  const pairs = settings.flatMap((setting) => {
    const real = setting.cells.find(({ condition }) => condition === 'real')?.heads;
    return real ? setting.cells.flatMap(({ condition, heads }) => (isSynthetic(condition) && heads ? [{ real: real.positive, own: heads.positive, from: measuredOf(setting, ['real', condition], 'heads') }] : [])) : [];
  });
  if (pairs.length === 0) return null;
  return {
    text: `Tuning on synthetic data left fewer heads with a positive score than tuning on real data in ${count(pairs.filter(({ real, own }) => own < real).length)} of ${plural(pairs.length, 'model')}.`,
    from: pairs.flatMap(({ from }) => from),
  };
}

function correlated({ correlations, settings }: SweepResults): Finding | null {
  const ofAll = settings.flatMap((setting) => correlations.filter((each) => each.rows === 'all' && settingName(each) === settingName(setting)).map((each) => ({ ...each, entry: correlationEntry(setting) })));
  const parts = (['cosine', 'recall'] as const).flatMap((overlap) => {
    const found = ofAll.flatMap((each) => (each[overlap].rho === null ? [] : [{ ...each[overlap], rho: each[overlap].rho, entry: each.entry }]));
    if (found.length === 0) return [];
    const rising = found.filter(({ rho }) => rho > 0);
    return [{ text: `${overlap} in ${count(rising.length)} of ${plural(found.length, 'setting')} (p < ${SIGNIFICANT} in ${count(rising.filter(({ p }) => p !== null && p < SIGNIFICANT).length)})`, from: found.map(({ entry }) => entry) }];
  });
  return parts.length === 0 ? null : { text: `F1 rises with the overlap of heads with real data’s (Spearman above zero): ${parts.map(({ text }) => text).join(', ')}.`, from: parts.flatMap(({ from }) => from) };
}

function silenced(settings: readonly SettingResults[]): Finding | null {
  const pairs = settings.flatMap((setting) => setting.cells.flatMap(({ condition, masking }) => (masking ? maskedByK(masking).map((each) => ({ ...each, from: measured(setting, condition, 'masking') })) : []))).flatMap(({ top, random, from }) => (top === null || random === null ? [] : [{ top, random, from }]));
  if (pairs.length === 0) return null;
  return {
    text: `Silencing the highest-scoring heads cost more than every draw of as many random ones in ${count(pairs.filter(({ top, random }) => top < random.low).length)} of ${plural(pairs.length, 'comparison')} over all models and numbers of heads.`,
    from: pairs.map(({ from }) => from),
  };
}
