/** Ids and labels of workflows; the one place that makes them. */

/** Workflow id of a cell: below its sweep's, and the same for the same cell, so that it can be found without looking. */
export function cellWorkflowId(sweepWorkflowId: string, cellId: string): string {
  return `${sweepWorkflowId}/${cellId}`;
}

/** `mdqa × tiny-llama × low/low`: a cell as people read it. */
export function cellLabel({ task, model, condition }: { task: string; model: string; condition: string }): string {
  return `${task} × ${model} × ${condition}`;
}
