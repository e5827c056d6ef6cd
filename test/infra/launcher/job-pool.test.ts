import { AsyncLocalStorage } from 'node:async_hooks';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { JobFailed, ProcessCrashed } from '#infra/launcher/errors.ts';
import { JobPool } from '#infra/launcher/job-pool.ts';
import { temporaryFolder } from '../../support/folders.ts';

const folder = temporaryFolder();
const pools: JobPool[] = [];
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.stop())));

function pool(size = 1, silenceMs?: number): JobPool {
  const made = new JobPool(size, { command: [process.execPath, fileURLToPath(new URL('./echo-job.mjs', import.meta.url))], env: {}, ...(silenceMs && { silenceMs }) });
  pools.push(made);
  return made;
}

let count = 0;
function job(does: string, delay = 0): [string, string] {
  const jobId = `job-${++count}`;
  const file = join(folder, `${jobId}.json`);
  writeFileSync(file, JSON.stringify({ jobId, does, delay }));
  return [jobId, file];
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('JobPool', () => {
  it('gives job after job to one process, and passes progress on', async () => {
    const one = pool();
    const seen: number[] = [];
    const first = await one.run(...job('work'), 'a', { onProgress: ({ done, total }) => seen.push(done / total) });
    const second = await one.run(...job('noise'), 'a');
    expect(seen).toEqual([0.5]);
    expect(first.result.summary.pid).toBe(second.result.summary.pid);
    expect(first.ready.versions).toEqual({ echo: '1' });
  });

  it('tells each job of its progress in the context of that job, whoever started the process', async () => {
    const one = pool();
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const listeners = { onProgress: () => seen.push(context.getStore()), onCheckpoint: () => seen.push(context.getStore()) };
    await one.warm();
    for (const name of ['first', 'second']) {
      await context.run(name, () => one.run(...job('work'), 'a', listeners));
      await context.run(name, () => one.run(...job('save'), 'a', listeners));
    }
    expect(seen).toEqual(['first', 'first', 'first', 'second', 'second', 'second']);
  });

  it('passes on what a job can be taken up from, by a plain name only', async () => {
    const one = pool();
    const seen: string[] = [];
    const onCheckpoint = ({ name }: { name: string }) => seen.push(name);
    await one.run(...job('save'), 'a', { onCheckpoint });
    await one.run(...job('stray'), 'a', { onCheckpoint });
    expect(seen).toEqual(['step-00000001']);
  });

  it('gives the process none of our own environment', async () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'hidden';
    const { result } = await pool().run(...job('work'), 'a');
    delete process.env.AWS_SECRET_ACCESS_KEY;
    expect(result.summary.secret).toBeNull();
  });

  it('fails a refused job only, and keeps the process', async () => {
    const one = pool();
    const { result: before } = await one.run(...job('work'), 'a');
    const refused = await one.run(...job('refuse'), 'a').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(JobFailed);
    expect(refused).toMatchObject({ type: 'PromptTooLong', retryable: false, message: 'prompt has 9 tokens' });
    expect((await one.run(...job('work'), 'a')).result.summary.pid).toBe(before.summary.pid);
  });

  it('fails a crashed job with the process’s last words, and starts a new process for the next', async () => {
    const one = pool();
    const { result: before } = await one.run(...job('work'), 'a');
    const crashed = await one.run(...job('crash'), 'a').catch((error: unknown) => error);
    expect(crashed).toBeInstanceOf(ProcessCrashed);
    expect(String(crashed)).toMatch(/exit status 3[^]*out of luck/);
    expect((await one.run(...job('work'), 'a')).result.summary.pid).not.toBe(before.summary.pid);
  });

  it('says what may have killed a process that could not say it itself', async () => {
    const one = pool();
    for (const [does, how] of [['be killed', 'SIGKILL'], ['be killed inside', 'exit status 137']] as const) {
      await expect(one.run(...job(does), 'a')).rejects.toThrow(`ended (${how}), killed by something else than this worker: if the machine or the container ran out of memory`);
    }
    await expect(one.run(...job('crash'), 'a')).rejects.not.toThrow('out of memory');
  });

  it('stops the process of a cancelled job, and rejects with the reason', async () => {
    const one = pool();
    const { result } = await one.run(...job('work'), 'a');
    const controller = new AbortController();
    const reason = new Error('cancelled by a person');
    const running = one.run(...job('hang'), 'a', { signal: controller.signal, onProgress: () => controller.abort(reason) });
    await expect(running).rejects.toBe(reason);
    await expect.poll(() => isAlive(result.summary.pid as number)).toBe(false);
    expect((await one.run(...job('work'), 'a')).result.summary.pid).not.toBe(result.summary.pid);
  });

  it('runs as many jobs at once as it has processes; the rest wait', async () => {
    const two = pool(2);
    const results = await Promise.all(Array.from({ length: 6 }, () => two.run(...job('work', 20), 'a')));
    expect(new Set(results.map(({ result }) => result.summary.pid)).size).toBe(2);
  });

  it('prefers the process that last ran a job of the same affinity', async () => {
    const two = pool(2);
    const [a, b] = await Promise.all([two.run(...job('work', 20), 'a'), two.run(...job('work', 20), 'b')]);
    for (const [affinity, { result }] of [['b', b], ['a', a], ['a', a], ['b', b]] as const) {
      expect((await two.run(...job('work'), affinity)).result.summary.pid).toBe(result.summary.pid);
    }
  });

  it('knows what a job would throw out, and what that took to load', async () => {
    const two = pool(2);
    expect(two.wouldReplace('a')).toBeNull();
    await two.run(...job('load'), 'a');
    // The other process has nothing loaded.
    expect(two.wouldReplace('b')).toBeNull();
    await two.run(...job('work'), 'b');
    expect(two.wouldReplace('a')).toBeNull();
    expect(two.wouldReplace('b')).toBeNull();
    // The one that has been idle for longer.
    expect(two.wouldReplace('c')).toEqual({ affinity: 'a', seconds: 12 });
    // What a job finds loaded took as long as before; what nobody told the time of, none.
    await two.run(...job('work'), 'a');
    expect(two.wouldReplace('c')).toEqual({ affinity: 'b', seconds: 0 });
    await two.run(...job('refuse'), 'b').catch(() => {});
    expect(two.wouldReplace('c')).toEqual({ affinity: 'a', seconds: 12 });
  });

  it('has nothing loaded any more in a process that ended, and all that it had after a job that loads nothing', async () => {
    const one = pool();
    await one.run(...job('load'), 'a');
    await one.run(...job('work'), null);
    expect(one.wouldReplace('b')).toEqual({ affinity: 'a', seconds: 12 });
    await one.run(...job('crash'), 'a').catch(() => {});
    expect(one.wouldReplace('b')).toBeNull();
  });

  it('says why a process cannot be started', async () => {
    const none = new JobPool(1, { command: ['/no/such/program'], env: {} });
    await none.warm();
    // Every time anew: what could not be started once may be there later.
    for (let times = 0; times < 3; times += 1) {
      await expect(none.run(...job('work'), 'a')).rejects.toThrow(/could not be started: spawn \/no\/such\/program ENOENT/);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  it('kills a process that says nothing any more, and starts a new one for the next job', async () => {
    const one = pool(1, 2_000);
    const { result: before } = await one.run(...job('work'), 'a');
    const stuck = await one.run(...job('hang'), 'a').catch((error: unknown) => error);
    expect(stuck).toBeInstanceOf(ProcessCrashed);
    expect(String(stuck)).toMatch(/said nothing for .* minutes and was killed/);
    expect(isAlive(before.summary.pid as number)).toBe(false);
    expect((await one.run(...job('work'), 'a')).result.summary.pid).not.toBe(before.summary.pid);
  });
});
