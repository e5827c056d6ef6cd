/** What is to be said of each sweep of the store in a line: what it was asked for, and how far its last report goes. */
import PQueue from 'p-queue';
import type { Condition, Task } from '#workflows/contracts/experiment.ts';
import { gridOf } from '#workflows/plan/grid.ts';
import type { SweepStore } from './rebuild.ts';
import { lastReport, type ListedSweep, listSweeps } from './records.ts';

export interface SweepOverview {
  sweep: string;
  description: string;
  tasks: Task[];
  models: string[];
  conditions: Condition[];
  /** Cells of the grid that there can be. */
  cells: number;
  /** How many of them its last report shows finished; null where it has published none yet. */
  reported: number | null;
  /** Why its record could not be read; null where it could, as a rule. */
  problem: string | null;
}

/** Sweeps read at once. */
const AT_ONCE = 16;

/** All sweeps of the store, by name. */
export async function overview(sweeps: SweepStore): Promise<SweepOverview[]> {
  const listed = await listSweeps(sweeps.documents);
  return new PQueue({ concurrency: AT_ONCE }).addAll(listed.map((one) => () => overviewOf(sweeps, one)));
}

async function overviewOf({ store, documents }: SweepStore, { sweep, record, problem }: ListedSweep): Promise<SweepOverview> {
  if (record === null) return { sweep, description: '', tasks: [], models: [], conditions: [], cells: 0, reported: null, problem };
  const { spec } = record;
  const ref = await lastReport(documents, sweep);
  const summary = ref && (await store.find({ kind: ref.stage, key: ref.key }).catch(() => null))?.summary;
  // Reports made before they counted say how many cells they show at least.
  const done = summary?.cellsDone ?? summary?.cells;
  return {
    sweep,
    description: spec.description,
    tasks: spec.tasks.map(({ task }) => task),
    models: spec.models.map(({ model }) => model),
    conditions: [...spec.conditions],
    cells: gridOf(spec).reduce((sum, { cells }) => sum + cells.filter(({ lacking }) => lacking === null).length, 0),
    reported: typeof done === 'number' ? done : null,
    problem: null,
  };
}
