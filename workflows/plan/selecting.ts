/** What selectors of a spec point at. */
import type { Baseline, Condition, Task } from '../contracts/experiment.ts';
import type { CellSelector } from '../contracts/selectors.ts';

/** Where a cell or baseline lies in the grid. Baselines are not tuned: they have neither variant nor seed. */
export interface Place {
  task: Task;
  model: string;
  condition: Condition | Baseline;
  variant?: string | null;
  seed?: number;
}

/** A stage by its name, or a cell with all stages or some. */
type StageSelector = string | (CellSelector & { stage?: string | string[] | undefined });

/** Whether a cell is one of those that are selected. */
export function selectsCell(selector: CellSelector, place: Place): boolean {
  return (['task', 'model', 'condition', 'variant', 'seed'] as const).every((dimension) => isOneOf(selector[dimension], place[dimension]));
}

/** Whether one of the selectors means this stage of a cell. */
export function selectsStage(selectors: readonly StageSelector[], place: Place, stage: string): boolean {
  return selectors.some((selector) => (typeof selector === 'string' ? selector === stage : selectsCell(selector, place) && isOneOf(selector.stage, stage)));
}

/** Whether a value is the wanted one, or one of those; any is where nothing is wanted. */
function isOneOf<T>(wanted: T | readonly T[] | undefined, value: T): boolean {
  return wanted === undefined || (Array.isArray(wanted) ? wanted.includes(value) : wanted === value);
}

/** Values of each dimension of a grid. */
export type Dimensions = { [Dimension in 'task' | 'model' | 'condition' | 'variant' | 'seed']: readonly unknown[] };

/** What selectors name that the grid does not have, as problems of a spec's field. */
export function selectorProblems(field: string, selectors: readonly StageSelector[], grid: Dimensions): string[] {
  return selectors.flatMap((selector, index) =>
    typeof selector === 'string'
      ? []
      : (Object.keys(grid) as (keyof Dimensions)[]).flatMap((dimension) => {
          const wanted = selector[dimension];
          const unknown = wanted === undefined ? [] : [wanted].flat().filter((value) => !grid[dimension].includes(value));
          return unknown.map((value) => `${field}[${index}].${dimension}: found ${JSON.stringify(value)}, allowed: what this sweep has (${grid[dimension].map((one) => JSON.stringify(one)).join(', ')})`);
        }),
  );
}
