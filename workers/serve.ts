/** Running workers to their end. */
import { GracefulShutdownPeriodExpiredError, IllegalStateError, type Worker } from '@temporalio/worker';
import { SHUTDOWN_FORCE } from './timing.ts';

export interface Serving {
  /** Resolves when the worker has been stopped; rejects with what stopped it by itself. */
  ended: Promise<void>;
  /** Asks it to stop; calling it again does no harm. */
  stop: () => void;
}

/**
 * Runs a worker. Jobs that do not end soon enough once it is to stop are left, of which `say` is told; that is no error, since the
 * server gives them to other workers.
 */
export function serve(worker: Pick<Worker, 'run' | 'shutdown' | 'getState'>, say: (text: string) => void): Serving {
  let asked = false;
  const ended = worker.run().catch((error: unknown) => {
    if (!asked || !isOfJobsLeft(error)) throw error;
    say(`jobs that had not ended ${SHUTDOWN_FORCE} after they were to stop were left; they are done again when a worker is up (a training goes on from its last checkpoint)`);
  });
  const stop = () => {
    asked = true;
    if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  return { ended, stop };
}

/** Where a worker ends with jobs at work, its SDK cannot free it either, and as a rule tells of that instead. */
function isOfJobsLeft(error: unknown): boolean {
  return error instanceof GracefulShutdownPeriodExpiredError || error instanceof IllegalStateError;
}
