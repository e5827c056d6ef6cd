/** A sweep whose texts are asked of an LLM endpoint that misbehaves, on a stack that is killed in the middle. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SweepResult } from '#workflows/contracts/progress.ts';
import { SweepResults } from '#workflows/contracts/report.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { type Asked, type Behaviour, TestEndpoint } from '../infra/llm/endpoint.ts';
import { temporaryFolder } from '../support/folders.ts';
import { musiqueJsonl } from '../support/musique-rows.ts';
import { smallSpec } from '../support/spec.ts';
import { needleworkUp, type RunningStack } from '../support/stack.ts';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const CONCURRENCY = 3;
/** 10 examples, and a spare one. */
const ROWS_WRITTEN = 11;

/** A sentence about the fact that prompt A.3 asks about; every fifth try is a storm, an error or an unfit reply. */
function behave({ prompt, number }: Asked): Behaviour {
  const fact = /article\.\n(.*)\nPlease give/.exec(prompt)?.[1] ?? '';
  const afterMs = 60;
  if (number % 5 === 0) {
    const faults: Behaviour[] = [
      { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
      { kind: 'status', status: 500 },
      { kind: 'drop' },
      { kind: 'refusal', text: 'I would rather not.' },
    ];
    return faults[(number / 5) % faults.length] as Behaviour;
  }
  return { kind: 'reply', afterMs, text: `Title: A record\nText: It is written that ${fact.replaceAll(' >> ', ', as far as known, ')}.` };
}

describe('a sweep that asks an LLM', () => {
  const home = temporaryFolder();
  let endpoint: TestEndpoint;
  let stack: RunningStack;
  let result: SweepResult;
  let results: SweepResults;
  let spec: SweepSpecInput;
  let chargedAtKill = 0;

  beforeAll(async () => {
    endpoint = await TestEndpoint.start();
    endpoint.behave = behave;
    const questions = join(home, 'musique.jsonl');
    writeFileSync(questions, musiqueJsonl(24));
    const specFile = join(home, 'spec.json');
    spec = smallSpec({
      name: 'asking',
      tasks: [{ task: 'musique', source: { kind: 'musique', questions: [questions] }, contextTokens: 1536, examples: { total: 10, validationShare: 0.2, test: 3 } }],
      conditions: ['low/low'],
      baselines: [],
      write: { provider: 'openai', lowFacts: 'A.3', concurrency: CONCURRENCY, costCeilingDollars: 5 },
    });
    delete spec.mask;
    writeFileSync(specFile, JSON.stringify(spec));

    stack = await needleworkUp(join(home, 'state'), endpoint.env);
    await stack.start('asking', specFile);
    while (endpoint.totalCharged < 15) await new Promise((resolve) => setTimeout(resolve, 20));
    stack.process.kill('SIGKILL');
    await once(stack.process, 'exit');
    chargedAtKill = endpoint.totalCharged;
    stack = await needleworkUp(join(home, 'state'), endpoint.env);
    result = await stack.result('asking');
    results = SweepResults.parse(JSON.parse(readFileSync(result.report.resultsFile, 'utf8')));
  }, 600_000);
  afterAll(async () => {
    await stack?.stop();
    await endpoint?.stop();
  });

  it('goes on where it was killed, and loses no example', () => {
    expect(chargedAtKill).toBeLessThan(3 * ROWS_WRITTEN);
    expect(result).toMatchObject({ status: 'complete', failures: [] });
    const { splits, writing, generator } = results.settings[0]!.cells[0]!.dataset!;
    expect(splits.train!.examples + splits.validation!.examples).toBe(10);
    expect(generator).toBe('gpt-4o-mini');
    expect(writing.needles).toMatchObject({ asked: ROWS_WRITTEN, written: ROWS_WRITTEN, dropped: {} });
    expect(writing.needles!.dollars).toBeGreaterThan(0);
  });

  it('pays for no call twice, save for those that were under way when it was killed', () => {
    const { calls, refused } = results.settings[0]!.cells[0]!.dataset!.writing.needles!;
    // One call per hop, and one more for each refused reply.
    expect(calls).toBe(3 * ROWS_WRITTEN + Object.values(refused).reduce((sum, times) => sum + times, 0));
    expect(endpoint.totalCharged).toBeGreaterThanOrEqual(calls);
    expect(endpoint.totalCharged).toBeLessThanOrEqual(calls + CONCURRENCY);
  });

  it('is one activity in the history, however many calls it makes', async () => {
    const { events } = JSON.parse(await stack.temporal('workflow', 'show', '--workflow-id', 'asking', '--output', 'json')) as { events: { activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[] };
    const scheduled = events.flatMap(({ activityTaskScheduledEventAttributes: attributes }) => attributes?.activityType.name ?? []);
    expect(scheduled.filter((name) => name === 'writeTexts')).toHaveLength(1);
  });

  it('keeps the key out of the history, the artifacts and the logs', async () => {
    const key = endpoint.env.OPENAI_API_KEY;
    expect([...endpoint.authorizations]).toEqual([`Bearer ${key}`]);
    const shown = await stack.temporal('workflow', 'show', '--workflow-id', 'asking', '--output', 'json');
    const history = shown + [...shown.matchAll(/"data": "([^"]+)"/g)].map(([, data]) => Buffer.from(data as string, 'base64')).join('\n');
    expect(history).toContain('gpt-4o-mini');
    expect(history).not.toContain(key);
    expect(readFileSync(result.report.file, 'utf8') + readFileSync(result.report.resultsFile, 'utf8')).not.toContain(key);
    for (const log of ['workers.log', 'trainer.log']) expect(readFileSync(join(home, 'state', 'logs', log), 'utf8')).not.toContain(key);
  });

  it('is planned with what is there and what is in the cache', { timeout: 300_000 }, async () => {
    const plan = async (changes: object) => {
      const file = join(home, 'plan.json');
      writeFileSync(file, JSON.stringify({ ...spec, ...changes }));
      const { stdout } = await promisify(execFile)(process.execPath, [join(CHECKOUT, 'workers', 'cli', 'main.ts'), 'plan', file], { cwd: CHECKOUT, env: { ...process.env, NEEDLEWORK_HOME: join(home, 'state') } });
      return /musique\/tiny\/low\/low +10 \+ 3 .*/.exec(stdout)?.[0].replace(/ +/g, ' ');
    };
    expect(await plan({})).toBe('musique/tiny/low/low 10 + 3 – – – – – 0.0 8 of 8');
    // Other attempts make another stage, of which every reply is there: refused ones included.
    const { calls } = results.settings[0]!.cells[0]!.dataset!.writing.needles!;
    expect(await plan({ write: { ...spec.write, attempts: 4 } })).toContain(` ${calls} ${calls} 0 0 $0.00 `);
  });

  it('asks in batches at half the price, as often as replies are missing', { timeout: 300_000 }, async () => {
    const before = endpoint.totalCharged;
    const specFile = join(home, 'batch.json');
    // Another temperature: nothing of this is in the cache.
    writeFileSync(specFile, JSON.stringify({ ...spec, name: 'batches', write: { ...spec.write, mode: 'batch', temperature: 0.5 } }));
    await stack.start('batches', specFile);
    const worker = setInterval(() => endpoint.batches.finish(), 500);
    const finished = await stack.result('batches').finally(() => clearInterval(worker));
    expect(finished).toMatchObject({ status: 'complete', failures: [] });
    // What the endpoint failed or refused in the first batch was asked in others.
    expect(endpoint.batches.all.length).toBeGreaterThan(1);
    const found = SweepResults.parse(JSON.parse(readFileSync(finished.report.resultsFile, 'utf8'))).settings[0]!.cells[0]!.dataset!.writing.needles!;
    expect(found).toMatchObject({ written: ROWS_WRITTEN, dropped: {} });
    expect(endpoint.totalCharged - before).toBe(found.calls);
    const price = (found.promptTokens * 0.15 + found.completionTokens * 0.6) / 1e6;
    expect(found.dollars).toBeCloseTo(price / 2, 9);
  });
});
