/** Where the links of a published report lead: artifacts, and pages of Temporal's Web UI. */
import { join } from 'node:path';
import type { Places } from '#activities/report/places.ts';
import type { Home } from './home.ts';
import { BUCKET, NAMESPACE, runningStack } from './stack.ts';

/** Of this machine's own stack; `uiUrl`: of its Web UI, null where it is not up. */
export function localPlaces(home: Home, uiUrl: string | null): Places {
  return { artifacts: join(home.s3Folder, BUCKET, 'artifacts'), workflows: uiUrl && workflowsUrl(uiUrl, NAMESPACE) };
}

/** Of a fleet: its bucket, and the Web UI that NEEDLEWORK_UI_URL names. @throws for anything but an http(s) URL */
export function fleetPlaces(bucket: string, namespace: string, env: NodeJS.ProcessEnv): Places {
  const ui = env.NEEDLEWORK_UI_URL;
  if (ui && !/^https?:\/\/[^\s"<>]+$/.test(ui)) throw new Error(`NEEDLEWORK_UI_URL: found "${ui}", allowed: the http:// or https:// URL of Temporal's Web UI`);
  return { artifacts: `s3://${bucket}/artifacts`, workflows: ui ? workflowsUrl(ui, namespace) : null };
}

/** As a command finds them: of the fleet whose bucket the environment names, else of this machine. */
export async function placesFrom(home: Home, env: NodeJS.ProcessEnv): Promise<Places> {
  if (env.NEEDLEWORK_S3_BUCKET) return fleetPlaces(env.NEEDLEWORK_S3_BUCKET, env.TEMPORAL_NAMESPACE || NAMESPACE, env);
  return localPlaces(home, (await runningStack(home))?.uiUrl ?? null);
}

const workflowsUrl = (ui: string, namespace: string): string => `${ui.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows`;
