/** Runs of the grid on our workflows: the embedded Temporal server, and real artifacts on the embedded S3 server, read and written by every stage. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { SweepResult } from '#workflows/contracts/progress.ts';
import { LIGHT_QUEUE, LLM_QUEUE } from '#workflows/queues.ts';
import { s3ForTests, storedActivities } from '../../support/stored-activities.ts';
import { temporalForTests } from '../../support/temporal.ts';
import { cpuSeconds } from './cpu.ts';
import { gridSpec } from './dag.ts';

export interface OurRun {
  seconds: number;
  /** Stages that did work, and that were there. */
  ran: number;
  reused: number;
  /** Events in the history of the sweep, and in those of its cells together. */
  events: { sweep: number; cells: number };
  /** CPU seconds by process; null where they cannot be told. On a machine that does other things too, they say more than the time. */
  cpu: Record<Process, number | null>;
}

type Process = 'Temporal server' | 'S3 server' | 'light worker' | 'trainer worker';

/** Servers and workers (those for trainer jobs in a process of their own), up before the first run. */
export async function startOurs(folder: string) {
  const [temporal, s3] = [await temporalForTests(), await s3ForTests(folder)];
  const { activities } = storedActivities(s3.context);
  const light = [await temporal.worker({ taskQueue: LIGHT_QUEUE, workflowBundle: temporal.workflowBundle, activities }), await temporal.worker({ taskQueue: LLM_QUEUE, activities })];
  const running = light.map((worker) => worker.run());
  const trainer = spawn(process.execPath, [fileURLToPath(new URL('../../support/worker-process.ts', import.meta.url)), temporal.server.address, s3.endpoint, folder, 'trainer'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(trainer, 'exit');
  await once(trainer.stdout, 'data');
  trainer.stdout.resume();
  const pids: Record<Process, number> = { 'Temporal server': temporal.server.pid, 'S3 server': s3.pid, 'light worker': process.pid, 'trainer worker': trainer.pid! };
  const cpu = () => Object.entries(pids).map(([name, pid]) => [name as Process, cpuSeconds(pid)] as const);
  let count = 0;
  return {
    /** With another seed than before all has to be made anew, by workers that have done such work already. */
    run: async (seed = 1): Promise<OurRun> => {
      count += 1;
      const workflowId = `bench-${count}`;
      const [started, before] = [performance.now(), new Map(cpu())];
      const result = SweepResult.parse(await temporal.client.workflow.execute('sweep', { workflowId, taskQueue: LIGHT_QUEUE, args: [{ ...gridSpec(), seed }] }));
      const seconds = (performance.now() - started) / 1000;
      const used = Object.fromEntries(cpu().map(([name, now]) => [name, now === null ? null : now - before.get(name)!])) as OurRun['cpu'];
      if (result.status !== 'complete') throw new Error(`the sweep ended as ${result.status}`);
      const lengthOf = async (id: string) => (await temporal.client.workflow.getHandle(id).describe()).historyLength;
      const lengths = await Promise.all(result.cells.filter(({ workflowId: id }) => id !== null).map(({ workflowId: id }) => lengthOf(id!)));
      return { seconds, ran: result.stagesRun, reused: result.stagesReused, events: { sweep: await lengthOf(workflowId), cells: lengths.reduce((sum, length) => sum + length, 0) }, cpu: used };
    },
    stop: async () => {
      for (const worker of light) worker.shutdown();
      trainer.kill('SIGTERM');
      await Promise.all([...running, ended]);
      await temporal.stop();
      await s3.stop();
    },
  };
}
