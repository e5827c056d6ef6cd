/** Ids and labels of workflows; the one place that makes them. */

/** Workflow id of a cell: below its sweep's, and the same for the same cell, so that it can be found without looking. */
export function cellWorkflowId(sweepWorkflowId: string, cellId: string): string {
  return `${sweepWorkflowId}/${cellId}`;
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
  variant?: string | null;
  seed?: number | null;
}
