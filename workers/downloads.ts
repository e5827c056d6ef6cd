import { Downloads } from '#infra/downloads/downloads.ts';
import { s3ClientFrom } from '#infra/downloads/s3.ts';
import { Hub } from '#infra/hub/hub.ts';
import type { Home } from './home.ts';

/** Downloads into the home folder; `s3://` with AWS credentials of the environment, not those of the embedded S3 server. */
export function downloadsFrom(home: Home, env: NodeJS.ProcessEnv): Downloads {
  return new Downloads({ folder: home.downloadsFolder, s3: () => s3ClientFrom(env) });
}

/** Downloads, and the hub whose files go through them; HF_ENDPOINT and HF_TOKEN are those of the environment. */
export function remotesFrom(home: Home, env: NodeJS.ProcessEnv): { downloads: Downloads; hub: Hub } {
  const downloads = downloadsFrom(home, env);
  return { downloads, hub: new Hub({ downloads, env }) };
}
