/**
 * Versions of the workflow code on a fleet. A sweep stays with the version that began it (Temporal's pinned workflows), so new code
 * may be rolled out beside it; new sweeps begin under the version that is current. Trainer workers run no workflows and serve all.
 */
import type { NativeConnection, WorkerDeploymentOptions } from '@temporalio/worker';
import { workflowCodeName } from './bundle.ts';

export const DEPLOYMENT = 'needlework';

/** What a light worker of this checkout registers as. */
export async function deploymentOptions() {
  return versionOptions(await workflowCodeName());
}

/** What a light worker registers as whose workflow code is the version `buildId`. */
export function versionOptions(buildId: string) {
  return { useWorkerVersioning: true, version: { deploymentName: DEPLOYMENT, buildId }, defaultVersioningBehavior: 'PINNED' } as const satisfies WorkerDeploymentOptions;
}

const TRIES = 60;
const EVERY_MS = 500;
const NOT_FOUND = 5;

/**
 * Build id of the version under which new sweeps begin. Where there is none yet, the given one becomes it, as soon as the server knows
 * of a worker that runs it; where there is one, it stays, since a person decides when new code takes over.
 */
export async function currentVersion(connection: NativeConnection, namespace: string, buildId: string): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    try {
      const { workerDeploymentInfo } = await connection.workflowService.describeWorkerDeployment({ namespace, deploymentName: DEPLOYMENT });
      const current = workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId;
      if (current) return current;
      if (workerDeploymentInfo?.versionSummaries?.some(({ deploymentVersion }) => deploymentVersion?.buildId === buildId)) {
        await connection.workflowService.setWorkerDeploymentCurrentVersion({ namespace, deploymentName: DEPLOYMENT, buildId, identity: 'needlework' });
        return buildId;
      }
    } catch (error) {
      if ((error as { code?: unknown }).code !== NOT_FOUND) throw error;
    }
    if (tries === TRIES) throw new Error(`the server does not list version ${buildId} of the deployment ${DEPLOYMENT}, ${(TRIES * EVERY_MS) / 1000} s after its worker started`);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}
