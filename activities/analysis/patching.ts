/** What patching did to the answers (paper, Table 3). */
import type { PatchingFindings } from '#workflows/contracts/report.ts';
import type { PatchedKind, Patching } from '#workflows/contracts/results.ts';
import { mean } from './intervals.ts';

/** F1 by kind of set, random draws averaged, and Δ = best F1 − unpatched F1; nulls where nothing was patched. */
export function patchingFindings(patching: Patching): PatchingFindings {
  const f1Of = (kind: PatchedKind) => {
    const values = patching.sets.filter((set) => set.kind === kind).map(({ f1 }) => f1);
    return values.length === 0 ? null : mean(values);
  };
  const f1 = { complement: f1Of('complement'), intersection: f1Of('intersection'), random: f1Of('random') };
  const found = Object.values(f1).filter((value) => value !== null);
  return { ...patching, f1, delta: found.length === 0 ? null : Math.max(...found) - patching.unpatchedF1 };
}
