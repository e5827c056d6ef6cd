import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { keepUp, type KeptUp } from '#infra/servers/keep-up.ts';
import { commandLineOf } from '#infra/servers/processes.ts';
import { type RunningServer, startServer } from '#infra/servers/server.ts';
import { scratchFolder } from './support.ts';

/** A server that does nothing, each start of which is told to `started`; from the start `failsFrom` on, it ends at once. */
async function sleeper(failsFrom = Infinity, most = 3) {
  const folder = scratchFolder();
  const started: number[] = [];
  const said: string[] = [];
  const start = async (): Promise<RunningServer> => {
    const fails = started.length + 1 >= failsFrom;
    if (fails) started.push(0);
    const server = await startServer({
      what: 'It',
      executable: 'sh',
      args: ['-c', fails ? 'echo no room left; exit 3' : 'exec sleep 600'],
      logFile: join(folder, 'log'),
      pidFile: join(folder, 'pid'),
      host: '127.0.0.1',
      ports: [],
      ready: async () => !fails,
      advice: [],
    });
    started.push(server.pid);
    return server;
  };
  const kept: KeptUp<RunningServer> = await keepUp('It', start, (text) => said.push(text), { most, withinMs: 600_000, pauseMs: 1 });
  onTestFinished(() => kept.stop());
  return { kept, started, said };
}

async function until(is: () => boolean): Promise<void> {
  while (!is()) await sleep(10);
}

test('a server that is killed is started again, which is said, and stopped for good', async () => {
  const { kept, started, said } = await sleeper();
  expect([kept.server.pid, kept.trouble(), said]).toEqual([started[0], null, []]);
  process.kill(started[0]!, 'SIGKILL');
  await until(() => said.length === 2);
  expect(said).toEqual(['It ended (exit status 137); it is started again (1 of at most 3 times within 10 minutes)', 'It is up again']);
  expect(kept.trouble()).toBeNull();
  expect(commandLineOf(started[1]!)).toContain('sleep');
  await kept.stop();
  expect(started.map(commandLineOf)).toEqual([null, null]);
  await kept.stop();
  expect(started, 'what is stopped is not started again').toHaveLength(2);
});

test('a server that is killed over and over, or cannot be started again, is given up, with how it ended', async () => {
  const { kept, started } = await sleeper(3, 4);
  let failure: unknown;
  kept.failed.catch((error: unknown) => (failure = error));
  process.kill(started[0]!, 'SIGKILL');
  await until(() => started.length === 2);
  await until(() => kept.trouble() === null);
  process.kill(started[1]!, 'SIGKILL');
  await until(() => failure !== undefined);
  expect(started, 'once, and three times in vain').toHaveLength(5);
  expect(String(failure)).toMatch(/^Error: It was started again 4 times within 10 minutes, and is given up: could not be started: It ended while starting \(exit status 3\)\.\n {2}\| no room left/);
  expect(kept.trouble()).toContain('could not be started');
  await kept.stop();
});
