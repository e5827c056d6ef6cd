import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { clearClaim, writeClaim } from '#infra/servers/claim.ts';
import { anyFreePort, freePort } from '#infra/servers/index.ts';
import { startGuarded } from '#infra/servers/guard.ts';
import { commandLineOf } from '#infra/servers/processes.ts';
import { scratchFolder } from './support.ts';

async function gone(pid: number): Promise<void> {
  while (commandLineOf(pid) !== null) await sleep(20);
}

test('a server ends with the process that started it, even where that one is killed', async () => {
  const logFile = join(scratchFolder(), 'log');
  const program = `
    const { startGuarded } = await import(process.argv[1]);
    const server = await startGuarded({ executable: 'sleep', args: ['600'], env: process.env, logFile: process.argv[2] });
    console.log(server.pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program, new URL('../../../infra/servers/guard.ts', import.meta.url).href, logFile], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(output.toString());
  expect(commandLineOf(pid)).toContain('sleep');
  parent.kill('SIGKILL');
  await gone(pid);
});

test('a server that ends by itself says how', async () => {
  const server = await startGuarded({ executable: 'sh', args: ['-c', 'echo bad luck; exit 3'], env: process.env, logFile: join(scratchFolder(), 'log') });
  while (server.ended() === null) await sleep(20);
  expect(server.ended()).toBe('exit status 3');
  expect(server.logTail(5)).toBe('bad luck');
  await server.stop();
});

test('a server left behind by a process that is gone is ended', async () => {
  const pidFile = join(scratchFolder(), 'x.pid');
  const orphan = spawn('sleep', ['600'], { stdio: 'ignore', detached: true });
  onTestFinished(() => void orphan.kill('SIGKILL'));
  const pid = orphan.pid ?? 0;
  while (!commandLineOf(pid)?.startsWith('sleep')) await sleep(20);
  writeClaim(pidFile, pid);
  await expect(clearClaim(pidFile, 'It')).rejects.toThrow(/runs already/);

  const { readFileSync, writeFileSync } = await import('node:fs');
  const claim = JSON.parse(readFileSync(pidFile, 'utf8'));
  writeFileSync(pidFile, JSON.stringify({ ...claim, owner: { pid: claim.owner.pid, command: 'a process that is gone' } }));
  await clearClaim(pidFile, 'It');
  expect(commandLineOf(pid)).toBeNull();
});

test('freePort gives the preferred port where it is free, else another', async () => {
  const port = await anyFreePort();
  expect(await freePort(port)).toBe(port);
  const holder = createServer().listen(port, '127.0.0.1');
  await once(holder, 'listening');
  onTestFinished(() => void holder.close());
  const other = await freePort(port);
  expect(other).not.toBe(port);
  // Where no outgoing connection gets its port from, and never twice.
  const more = await Promise.all(Array.from({ length: 20 }, () => anyFreePort()));
  expect(Math.max(other, ...more)).toBeLessThan(32_768);
  expect(new Set([other, ...more]).size).toBe(21);
});
