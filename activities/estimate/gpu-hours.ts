/** How long a GPU would work on a cell, from the number of operations; a guide to the order of magnitude, not a promise. */
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import type { ModelSpec, SweepSpec, TaskSpec } from '#workflows/contracts/spec.ts';

export interface ModelShape {
  parameters: number;
  layers: number;
  hiddenSize: number;
}

/** What one H100 or H200 keeps up in bf16 with a good kernel: about 40 % of its peak. */
export const SUSTAINED_FLOPS = 400e12;

/** A fine-tuning step is a forward pass, another one for gradient checkpointing, and a backward pass to the activations; the weights themselves get no gradients (LoRA). */
const PASSES_PER_STEP = 3;

/** Operations of one forward pass over a prompt: two per weight and token, and causal attention's scores and sums. */
export function forwardOperations({ parameters, layers, hiddenSize }: ModelShape, tokens: number): number {
  return tokens * (2 * parameters + 2 * layers * hiddenSize * tokens);
}

type GpuSpec = Pick<SweepSpec, 'train' | 'mask' | 'patch'>;

/** Hours for those of `stages` that are yet to be done. */
export function gpuHours(stages: Partial<Record<string, Recipe>>, task: TaskSpec, spec: GpuSpec, shape: ModelShape, isDone: (recipe: Recipe) => boolean): number {
  return gpuHoursOf(Object.keys(stages).filter((role) => stages[role] !== undefined && !isDone(stages[role])), task, spec, shape);
}

/** Hours for stages by name; 0 for those that need no GPU. */
export function gpuHoursOf(stages: readonly string[], task: TaskSpec, spec: GpuSpec, shape: ModelShape): number {
  const passes = stages.reduce((sum, stage) => sum + (PASSES[stage]?.(task, spec) ?? 0), 0);
  return (passes * forwardOperations(shape, task.contextTokens)) / SUSTAINED_FLOPS / 3600;
}

/** A step of pretraining is a forward pass and a backward pass, which takes twice as long. */
const PASSES_PER_PRETRAINING_STEP = 3;

/** Hours to pretrain a base that a sweep makes itself; with its induction circuit, also those of copying random tokens. */
export function pretrainingHours({ steps, tokensPerStep, contextTokens, seededInduction, copyingSteps }: Extract<ModelSpec['base'], { kind: 'pretrain' }>, shape: ModelShape): number {
  const contexts = ((steps + (seededInduction ? copyingSteps : 0)) * tokensPerStep) / contextTokens;
  return (PASSES_PER_PRETRAINING_STEP * contexts * forwardOperations(shape, contextTokens)) / SUSTAINED_FLOPS / 3600;
}

/** Forward passes over whole prompts that a stage amounts to. */
const PASSES: Readonly<Record<string, (task: TaskSpec, spec: GpuSpec) => number>> = {
  train: ({ examples: { total, validationShare } }, { train }) => PASSES_PER_STEP * train.epochs * (total - Math.round(total * validationShare)),
  evaluate: ({ examples: { test } }) => test,
  score: ({ examples: { total, validationShare } }) => Math.round(total * validationShare),
  mask: ({ examples: { test } }, { mask }) => (mask ? (1 + mask.k.length * (1 + mask.randomDraws)) * Math.min(test, mask.examples ?? test) : 0),
  // The model that lends its heads, the other one unpatched, and with complement, intersection and random heads.
  patch: ({ examples: { test } }, { patch }) => (patch ? (4 + patch.randomDraws) * Math.min(test, patch.examples ?? test) : 0),
};
