/** How well head overlap foretells which training data gives the higher F1: what the advisor's ranking is worth. Pure. */
import { type Agreement, type HeldOutSetting, Overlap, type SettingAgreement } from '#workflows/contracts/agreement.ts';
import type { SettingResults } from '#workflows/contracts/report.ts';
import { settingId } from '#workflows/ids.ts';
import { comparable } from './correlation.ts';
import { mean } from './intervals.ts';

/** A candidate with its overlaps with the real model, and F1 on real questions; null where not measured. */
export interface MeasuredCandidate {
  name: string;
  recall: number | null;
  cosine: number | null;
  f1: number | null;
}

/** The candidates of one setting, the real model not among them. */
export interface MeasuredSetting {
  setting: string;
  candidates: readonly MeasuredCandidate[];
}

type Pair = Readonly<{ name: string; overlap: number; f1: number }>;

/** Agreement of both kinds of overlap with F1 in every setting, and what choosing between them by the other settings comes to. */
export function agreement(settings: readonly MeasuredSetting[]): Agreement {
  const measured = settings.flatMap((setting) => Overlap.options.map((by) => settingAgreement(setting, by)));
  return { settings: measured, heldOut: heldOut(measured) };
}

export function settingAgreement({ setting, candidates }: MeasuredSetting, by: Overlap): SettingAgreement {
  const pairs = candidates.flatMap(({ name, f1, ...overlaps }): Pair[] => (f1 === null || overlaps[by] === null ? [] : [{ name, overlap: comparable(overlaps[by]), f1: comparable(f1) }]));
  // Of equal ones the first of the sweep, so that nothing depends on chance.
  const highest = (of: (pair: Pair) => number) => pairs.reduce<Pair | null>((best, pair) => (best === null || of(pair) > of(best) ? pair : best), null);
  const [advised, best] = [highest(({ overlap }) => overlap), highest(({ f1 }) => f1)];
  return {
    setting,
    by,
    candidates: pairs.length,
    ...concordance(pairs),
    advised: advised?.name ?? null,
    best: best?.name ?? null,
    lost: advised && best && best.f1 - advised.f1,
    leftOut: pairs.length < 3 ? null : leaveOneOut(pairs),
  };
}

/** Of all pairs that differ in F1, the share that overlap orders alike. */
function concordance(pairs: readonly Pair[]): Pick<SettingAgreement, 'pairs' | 'alike'> {
  const differing = pairs.flatMap((one, at) => pairs.slice(at + 1).flatMap((other) => (one.f1 === other.f1 ? [] : [(one.overlap - other.overlap) * Math.sign(one.f1 - other.f1)])));
  const points: number[] = differing.map((product) => (product > 0 ? 1 : product < 0 ? 0 : 0.5));
  return { pairs: points.length, alike: points.length === 0 ? null : mean(points) };
}

function leaveOneOut(pairs: readonly Pair[]): { error: number; errorOfMean: number } {
  const errors = pairs.map((left) => {
    const others = pairs.filter((pair) => pair !== left);
    const average = mean(others.map(({ f1 }) => f1));
    return { byLine: Math.abs(foretold(others, left.overlap) - left.f1), byMean: Math.abs(average - left.f1) };
  });
  return { error: mean(errors.map(({ byLine }) => byLine)), errorOfMean: mean(errors.map(({ byMean }) => byMean)) };
}

/** F1 at this overlap on the least-squares line through the pairs, within 0..1; their mean F1 where all have the same overlap. */
function foretold(pairs: readonly Pair[], overlap: number): number {
  const [x, y] = [mean(pairs.map((pair) => pair.overlap)), mean(pairs.map(({ f1 }) => f1))];
  const spread = mean(pairs.map((pair) => (pair.overlap - x) ** 2));
  if (spread === 0) return y;
  const slope = mean(pairs.map((pair) => (pair.overlap - x) * (pair.f1 - y))) / spread;
  return Math.min(1, Math.max(0, y + slope * (overlap - x)));
}

function heldOut(measured: readonly SettingAgreement[]): HeldOutSetting[] {
  const names = [...new Set(measured.flatMap(({ setting, alike }) => (alike === null ? [] : [setting])))];
  if (names.length < 2) return [];
  return names.map((setting) => {
    const others = measured.filter((one) => one.setting !== setting && one.alike !== null);
    const worth = (by: Overlap) => {
      const shares = others.flatMap((one) => (one.by === by ? [one.alike as number] : []));
      return shares.length === 0 ? Number.NEGATIVE_INFINITY : mean(shares);
    };
    const by: Overlap = worth('cosine') > worth('recall') ? 'cosine' : 'recall';
    const { alike, lost } = measured.find((one) => one.setting === setting && one.by === by)!;
    return { setting, by, alike, lost };
  });
}

/** Candidates of a sweep's settings: every condition but real data, with what was measured of it. */
export function measuredSettings(settings: readonly SettingResults[]): MeasuredSetting[] {
  return settings.map(({ task, model, variant, seed, cells }) => ({
    setting: settingId({ task, model, variant, seed }),
    candidates: cells.flatMap(({ condition, heads, evaluation }) => (condition === 'real' ? [] : [{ name: condition, recall: heads?.recall ?? null, cosine: heads?.cosine ?? null, f1: evaluation?.f1.mean ?? null }])),
  }));
}
