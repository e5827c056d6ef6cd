/** Two sweeps side by side (`needlework compare A B`; `comparison.json`), from artifacts alone: the same artifacts give the same bytes. */
import { z } from 'zod';
import { ArtifactRef } from './artifacts.ts';
import { Baseline, Condition, Task } from './experiment.ts';
import { Interval, ResultStatus } from './report.ts';
import { ModelSpec, VariantSpec } from './spec.ts';

/** What one of the two sweeps has of a cell; null where something was not measured, with the reason. */
export const ComparedSide = z.strictObject({
  status: ResultStatus,
  /** Why it is not (wholly) there, such as that the sweep has no such cell; null where it is. */
  reason: z.string().min(1).nullable(),
  /** Its id in the sweep; null where the sweep has no such cell. */
  unit: z.string().min(1).nullable(),
  /** Artifacts of its own that are there, and the real test split that it answers; null where that is not there. */
  artifacts: z.array(ArtifactRef),
  test: ArtifactRef.nullable(),
  /** Test questions behind `f1` and `exactMatch`. */
  examples: z.int().positive().nullable(),
  f1: Interval.nullable(),
  exactMatch: Interval.nullable(),
  /** Heads with a positive score, of so many. */
  positive: z.int().nonnegative().nullable(),
  heads: z.int().positive().nullable(),
  /** Overlap with the same sweep's own real cell (paper, section 4.2). */
  recall: z.number().nullable(),
  cosine: z.number().nullable(),
});
export type ComparedSide = z.infer<typeof ComparedSide>;

/** The same cell, or untuned model, in both sweeps. */
export const ComparedCell = z.strictObject({
  task: Task,
  model: ModelSpec.shape.model,
  variant: VariantSpec.shape.variant.nullable(),
  /** Seed of tuning; null where both sweeps have one alone, which may be another one (`differences`). */
  seed: z.int().nonnegative().nullable(),
  by: z.union([Condition, Baseline]),
  a: ComparedSide,
  b: ComparedSide,
  /** Mean of (F1 in b − F1 in a) over the same questions, paired; null unless both answered the same ones, in the same order. */
  f1: Interval.nullable(),
  /** Why `f1` is null. */
  f1Reason: z.string().min(1).nullable(),
  /** The cells' own heads against each other, not against real data: |A ∩ B| / |A ∪ B|, and cosine of scores; null unless both are scored, in models of one shape. */
  jaccard: z.number().min(0).max(1).nullable(),
  cosine: z.number().nullable(),
});
export type ComparedCell = z.infer<typeof ComparedCell>;

export const SweepComparison = z.strictObject({
  schemaVersion: z.literal(2),
  a: z.strictObject({ sweep: z.string().min(1), description: z.string() }),
  b: z.strictObject({ sweep: z.string().min(1), description: z.string() }),
  /** Where their specs (defaults filled in) differ: field, and its value in each as JSON; null where it has none. */
  differences: z.array(z.strictObject({ field: z.string().min(1), a: z.string().nullable(), b: z.string().nullable() })),
  /** All cells that either has, in the order of a, then of b. */
  cells: z.array(ComparedCell),
  methods: z.strictObject({ bootstrap: z.strictObject({ resamples: z.int().positive(), level: z.number().gt(0).lt(1), seed: z.int().nonnegative() }) }),
});
export type SweepComparison = z.infer<typeof SweepComparison>;
