import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError, ServiceError, type WorkflowHandle } from '@temporalio/client';

const PAUSE_MS = 1_000;
/** As long as an embedded server may take to be started again, several times over (infra/servers/keep-up.ts). */
const PATIENCE_MS = 300_000;
/** A question that was open for so long had reached the server. */
const REACHED_MS = 60_000;

/** The result of a sweep, asked for again where the server goes away meanwhile and comes back. Throws what the sweep ended with, or that the server stays away. */
export async function sweepResult(handle: WorkflowHandle): Promise<unknown> {
  for (let awaySince: number | null = null; ; ) {
    const asked = Date.now();
    try {
      return await handle.result();
    } catch (error) {
      if (!isServerAway(error)) throw error;
      if (awaySince === null || Date.now() - asked > REACHED_MS) awaySince = Date.now();
      if (Date.now() - awaySince > PATIENCE_MS) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

/** UNAVAILABLE of gRPC. */
const UNAVAILABLE = 14;

function isServerAway(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && cause.code === UNAVAILABLE;
}
