/** Ids and labels of cells and workflows; the one place that makes them. */

/** `mdqa/tiny-llama/low/low/all-modules/seed-2`: a cell, or untuned model, within its sweep, with variant and seed where it has them. */
export function cellId({ task, model, condition, variant, seed }: CellName): string {
  return [task, model, condition, ...wayOf(variant, seed)].join('/');
}

/** `mdqa/tiny-llama/all-modules/seed-2`: what the cells of a setting have in common. */
export function settingId({ task, model, variant, seed }: Omit<CellName, 'condition'>): string {
  return [task, model, ...wayOf(variant, seed)].join('/');
}

const wayOf = (variant: string | null = null, seed: number | null = null): string[] => [...(variant === null ? [] : [variant]), ...(seed === null ? [] : [`seed-${seed}`])];

/** Workflow id of a cell: below its sweep's, and the same for the same cell, so that it can be found without looking. */
export function cellWorkflowId(sweepWorkflowId: string, cellId: string): string {
  return `${sweepWorkflowId}/${cellId}`;
}

/** Workflow id of who tells the webhook that a sweep was terminated; no cell has it, since theirs have three parts at least. */
export function heraldWorkflowId(sweepWorkflowId: string): string {
  return `${sweepWorkflowId}/herald`;
}

/** `mdqa × tiny-llama × low/low × all-modules × seed 2`: a cell as people read it, with variant and seed where it has them. */
export function cellLabel({ task, model, ...cell }: CellName): string {
  return `${task} × ${model} × ${conditionLabel(cell)}`;
}

/** `low/low × all-modules × seed 2`: which cell it is of its task and model. */
export function conditionLabel({ condition, variant = null, seed = null }: Omit<CellName, 'task' | 'model'>): string {
  return [condition, ...(variant === null ? [] : [variant]), ...(seed === null ? [] : [`seed ${seed}`])].join(' × ');
}

export interface CellName {
  task: string;
  model: string;
  condition: string;
  variant?: string | null | undefined;
  seed?: number | null | undefined;
}
