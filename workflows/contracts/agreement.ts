/** How well ranking candidates by head overlap, as the advisor does, agrees with F1, where both were measured (`results.json`, `advice.json`). */
import { z } from 'zod';

/** What candidates are ranked by: share of the real model's heads that score above zero (Tables 5–10), or cosine of scores (Figure 4). */
export const Overlap = z.enum(['recall', 'cosine']);
export type Overlap = z.infer<typeof Overlap>;

const share = z.number().min(0).max(1);

/** Candidates of one setting: everything but the model tuned on real data, with which they are compared. */
export const SettingAgreement = z.strictObject({
  /** The setting in words. */
  setting: z.string().min(1),
  by: Overlap,
  /** Candidates with both the overlap and F1. */
  candidates: z.int().nonnegative(),
  /** Pairs of them that differ in F1, and the share that the overlap puts in the same order (of equal overlap, half); null without such pairs. */
  pairs: z.int().nonnegative(),
  alike: share.nullable(),
  /** The candidate of most overlap, the one of highest F1, and how much F1 the advice gives away; null without candidates. */
  advised: z.string().nullable(),
  best: z.string().nullable(),
  lost: share.nullable(),
  /**
   * Each candidate left out in turn, its F1 foretold from its overlap by the straight line through the others (within 0..1): mean
   * absolute error, and that of the others' mean F1, which knows nothing of overlap. Null with fewer than three candidates.
   */
  leftOut: z.strictObject({ error: share, errorOfMean: share }).nullable(),
});
export type SettingAgreement = z.infer<typeof SettingAgreement>;

/** A setting left out: the kind of overlap that agreed better in all others, and what it then comes to in this one. */
export const HeldOutSetting = z.strictObject({ setting: z.string().min(1), by: Overlap, alike: share.nullable(), lost: share.nullable() });
export type HeldOutSetting = z.infer<typeof HeldOutSetting>;

export const Agreement = z.strictObject({
  settings: z.array(SettingAgreement),
  /** Empty with fewer than two settings that have pairs. */
  heldOut: z.array(HeldOutSetting),
});
export type Agreement = z.infer<typeof Agreement>;
