import type { AskerOptions } from '#infra/llm/index.ts';
import type { CheckpointStore } from '#infra/artifacts/checkpoints.ts';
import type { Documents } from '#infra/artifacts/documents.ts';
import type { ArtifactStore } from '#infra/artifacts/store.ts';
import type { Downloads } from '#infra/downloads/downloads.ts';
import type { Hub } from '#infra/hub/hub.ts';
import type { JobPool } from '#infra/launcher/job-pool.ts';
import type { Places } from '../report/places.ts';
import type { QueuePass } from './queue-pass.ts';

/** What the activities of a worker work with. */
export interface ActivityContext {
  store: ArtifactStore;
  /** Records of sweeps, beside their artifacts. */
  documents: Documents;
  /** Trainings in progress, as another worker can go on with them. */
  checkpoints: CheckpointStore;
  /** The trainer's processes; null on workers that take no trainer jobs. */
  trainer: JobPool | null;
  /** Which trainer jobs this worker leaves to others; left out: none. */
  queuePass?: QueuePass | undefined;
  /** Files of URLs that a spec names. */
  downloads: Downloads;
  /** Models of the Hugging Face hub. */
  hub: Hub;
  /** Where an LLM is asked, and its replies are kept. The key is read from `env` when it is needed; it never gets anywhere else. */
  llm: Pick<AskerOptions, 's3' | 'bucket' | 'folder' | 'env'>;
  /** Folder for the work in progress of running activities. */
  scratchFolder: string;
  /** Folder that relative paths of a spec start at. */
  baseFolder: string;
  /** Folder that finished reports are copied to. */
  reportsFolder: string;
  /** Where their links lead; left out: artifacts by their S3 URLs, and no Web UI. */
  places?: Places | undefined;
  /** Value of an environment variable that holds the URL of a webhook; it gets nowhere else. */
  webhookUrl?: ((variable: string) => string | undefined) | undefined;
  /** Seconds, at least, between what a running stage tells its workflow; as a rule those of news.ts. */
  newsSeconds?: number | undefined;
}
