/** Runs of the grid on our workflows: the embedded Temporal server, and real artifacts on the embedded S3 server, read and written by every stage. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SweepResult } from '#workflows/contracts/progress.ts';
import { LIGHT_QUEUE } from '#workflows/queues.ts';
import { s3ForTests } from '../../support/stored-activities.ts';
import { temporalForTests } from '../../support/temporal.ts';
import { executable } from '../../infra/servers/support.ts';
import { cpuSeconds } from './cpu.ts';
import { gridSpec } from './dag.ts';

const WORKER = fileURLToPath(new URL('../../support/worker-process.ts', import.meta.url));

export interface OurRun {
  /** From the command that starts the sweep to the end of the one that waits for its result. */
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

/** Servers and workers, each in a process of its own, up before the first run. */
export async function startOurs(folder: string) {
  const [temporal, s3] = [await temporalForTests(), await s3ForTests(folder)];
  const start = async (role: 'light' | 'trainer') => {
    const worker = spawn(process.execPath, [WORKER, temporal.server.address, s3.endpoint, folder, role], { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = once(worker, 'exit');
    await Promise.race([once(worker.stdout, 'data'), ended.then(([code]) => Promise.reject(new Error(`the ${role} worker ended with status ${code}`)))]);
    worker.stdout.resume();
    return { pid: worker.pid!, stop: () => (worker.kill('SIGTERM'), ended) };
  };
  const [light, trainer] = await Promise.all([start('light'), start('trainer')]);
  const pids: Record<Process, number> = { 'Temporal server': temporal.server.pid, 'S3 server': s3.pid, 'light worker': light.pid, 'trainer worker': trainer.pid };
  const cpu = () => Object.entries(pids).map(([name, pid]) => [name as Process, cpuSeconds(pid)] as const);
  let count = 0;
  const cli = (...args: string[]) => promisify(execFile)(executable('NEEDLEWORK_TEMPORAL_CLI'), [...args, '--address', temporal.server.address], { env: { PATH: process.env.PATH, HOME: folder } });
  return {
    /** With another seed than before all has to be made anew, by workers that have done such work already. */
    run: async (seed = 1): Promise<OurRun> => {
      count += 1;
      const workflowId = `bench-${count}`;
      const spec = join(folder, `${workflowId}.json`);
      writeFileSync(spec, JSON.stringify({ ...gridSpec(), seed }));
      const [started, before] = [performance.now(), new Map(cpu())];
      await cli('workflow', 'start', '--type', 'sweep', '--task-queue', LIGHT_QUEUE, '--workflow-id', workflowId, '--input-file', spec);
      await cli('workflow', 'result', '--workflow-id', workflowId);
      const seconds = (performance.now() - started) / 1000;
      const used = Object.fromEntries(cpu().map(([name, now]) => [name, now === null ? null : now - before.get(name)!])) as OurRun['cpu'];
      const result = SweepResult.parse(await temporal.client.workflow.getHandle(workflowId).result());
      if (result.status !== 'complete') throw new Error(`the sweep ended as ${result.status}`);
      const lengthOf = async (id: string) => (await temporal.client.workflow.getHandle(id).describe()).historyLength;
      const lengths = await Promise.all(result.cells.filter(({ workflowId: id }) => id !== null).map(({ workflowId: id }) => lengthOf(id!)));
      return { seconds, ran: result.stagesRun, reused: result.stagesReused, events: { sweep: await lengthOf(workflowId), cells: lengths.reduce((sum, length) => sum + length, 0) }, cpu: used };
    },
    stop: async () => {
      await Promise.all([light.stop(), trainer.stop()]);
      await temporal.stop();
      await s3.stop();
    },
  };
}
