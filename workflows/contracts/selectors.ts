/** How a spec points at cells and stages of its own grid: by task, model, condition, variant, seed and stage. */
import { z } from 'zod';
import { Baseline, CellStage, Condition, Task } from './experiment.ts';
import { Seed, slug } from './slug.ts';

/** One value, or any of several. */
const anyOf = <T extends z.ZodType>(one: T) => z.union([one, z.array(one).min(1)]);

/** Cells that have all of these; what is left out does not matter. */
export const CellSelector = z.strictObject({
  task: anyOf(Task).optional(),
  model: anyOf(slug).optional(),
  /** A condition, or a baseline. */
  condition: anyOf(z.enum([...Condition.options, ...Baseline.options])).optional(),
  /** Null: cells of no variant, tuned as `train` says. */
  variant: anyOf(slug.nullable()).optional(),
  /** Seed of tuning; baselines have none. */
  seed: anyOf(Seed).optional(),
});
export type CellSelector = z.infer<typeof CellSelector>;

/** Name of an occasion on which stages are made anew. */
export const ForceLabel = slug;

/** Stages by name in every cell, or cells with all their stages or some. */
const stages = <const T extends string>(names: readonly T[]) => {
  const name = z.enum(names);
  return z.array(z.union([name, CellSelector.extend({ stage: anyOf(name).optional() })])).min(1);
};

/** Cells (with all their stages), or stages alone: by name in every cell, or in those that are selected. */
export const CellsLeftOut = stages(['train', 'evaluate', 'score', 'mask', 'patch']);
export type CellsLeftOut = z.infer<typeof CellsLeftOut>;

/** The cells and stages that a run is for; what they rest on is made where it is missing. */
export const OnlyThese = stages(CellStage.options);
export type OnlyThese = z.infer<typeof OnlyThese>;

/** Names by which a spec forces stages: those of cells, and what cells share (`test`: the test split; `write`: texts). */
export const ForcibleStage = z.enum(['source', 'rank', 'base', 'test', 'write', ...CellStage.options]);
export type ForcibleStage = z.infer<typeof ForcibleStage>;

/**
 * Stages to be made anew although their artifacts are there, once for each label: an artifact remembers the labels under which it
 * was made. A selector without a stage means all of a cell's own.
 */
export const ForceSpec = z.strictObject({ label: ForceLabel, stages: stages(ForcibleStage.options) });
export type ForceSpec = z.infer<typeof ForceSpec>;
