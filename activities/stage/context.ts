import type { ArtifactStore } from '#infra/artifacts/store.ts';
import type { JobPool } from '#infra/launcher/job-pool.ts';

/** What the activities of a worker work with. */
export interface ActivityContext {
  store: ArtifactStore;
  /** The trainer's processes; null on workers that take no trainer jobs. */
  trainer: JobPool | null;
  /** Folder for the work in progress of running activities. */
  scratchFolder: string;
  /** Folder that relative paths of a spec start at. */
  baseFolder: string;
  /** Folder that finished reports are copied to. */
  reportsFolder: string;
}
