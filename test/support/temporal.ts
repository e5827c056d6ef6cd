import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { PRIORITY_AND_FAIRNESS, startTemporal } from '#infra/servers/index.ts';
import { withoutCallStacks } from '#workers/call-stacks.ts';
import { SEARCH_ATTRIBUTES } from '#workers/search-attributes.ts';
import { LIGHT_QUEUE, LLM_QUEUE, TRAINER_QUEUE } from '#workflows/queues.ts';
import { MAX_HEARTBEAT_THROTTLE } from '#workers/timing.ts';
import { anyPort, executable } from '../infra/servers/support.ts';
import { temporaryFolder } from './folders.ts';

/** The project's workflows. */
export const WORKFLOWS = new URL('../../workflows/index.ts', import.meta.url);

/** A real Temporal server for one test file, with the workflows bundled once. Call inside `beforeAll`. */
export async function temporalForTests(workflows = WORKFLOWS) {
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'ERROR', forward: {} } } });
  const folder = temporaryFolder();
  const [port, uiPort] = [await anyPort(), await anyPort()];
  const start = () =>
    startTemporal({
      executable: executable('NEEDLEWORK_TEMPORAL_CLI'),
      databaseFile: join(folder, 'temporal.db'),
      port,
      uiPort,
      namespace: 'default',
      searchAttributes: SEARCH_ATTRIBUTES,
      dynamicConfig: PRIORITY_AND_FAIRNESS,
      logFile: join(folder, 'temporal.log'),
    });
  const [first, workflowBundle] = await Promise.all([start(), bundleOf(workflows)]);
  let server = first;
  const native = await NativeConnection.connect({ address: server.address });
  const connection = await Connection.connect({ address: server.address });
  const worker = (options: Omit<WorkerOptions, 'connection' | 'taskQueue'> & { taskQueue: string }) => withoutCallStacks(() => Worker.create({ maxHeartbeatThrottleInterval: MAX_HEARTBEAT_THROTTLE, ...options, connection: native }));
  return {
    server,
    client: new Client({ connection }),
    native,
    workflowBundle,
    /** kill -9 of the server, which is then started again on its database. */
    killServer: async () => {
      process.kill(server.pid, 'SIGKILL');
      await server.stop();
      server = await start();
    },
    worker,
    /** Runs workers for all queues until what it returns is called; `trainerJobs` at once, as a rule a hundred. */
    serve: async (activities: object, { trainerJobs, ...options }: Pick<WorkerOptions, 'identity'> & { trainerJobs?: number } = {}) => {
      const workers = [
        await worker({ ...options, taskQueue: LIGHT_QUEUE, workflowBundle, activities }),
        await worker({ ...options, taskQueue: LLM_QUEUE, activities }),
        await worker({ ...options, taskQueue: TRAINER_QUEUE, activities, ...(trainerJobs !== undefined && { maxConcurrentActivityTaskExecutions: trainerJobs }) }),
      ];
      const running = workers.map((one) => one.run());
      return async () => {
        for (const one of workers) one.shutdown();
        await Promise.all(running);
      };
    },
    stop: async () => {
      await connection.close();
      await native.close();
      await server.stop();
    },
  };
}

/** Workflow code as workers take it. */
export function bundleOf(workflows: URL) {
  return bundleWorkflowCode({ workflowsPath: fileURLToPath(workflows), logger: new DefaultLogger('WARN') });
}
