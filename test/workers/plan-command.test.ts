/** `needlework plan` as a person runs it, where no stack is up. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { CHECKOUT } from '#workers/home.ts';
import { temporaryFolder } from '../support/folders.ts';
import { smallSpec } from '../support/spec.ts';

/** Output and exit status. */
function plan(spec: SweepSpecInput): Promise<{ status: number; output: string }> {
  const home = temporaryFolder();
  const file = join(home, 'spec.json');
  writeFileSync(file, JSON.stringify(spec));
  const { NEEDLEWORK_S3_BUCKET: _, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, [join(CHECKOUT, 'workers', 'cli', 'main.ts'), 'plan', file], { cwd: CHECKOUT, env: { ...env, NEEDLEWORK_HOME: home } }, (error, stdout, stderr) => resolve({ status: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr }));
  });
}

describe('needlework plan', () => {
  it('prints the DAG and what it takes', { timeout: 120_000 }, async () => {
    const { status, output } = await plan(smallSpec({ leaveOut: ['mask'] }));
    expect(output).toContain('mdqa/tiny/symbolic        not looked up: dataset, train, evaluate, score · left out: mask');
    expect(output).toContain('small: 4 cells and baselines');
    expect(status).toBe(0);
  });

  it('refuses to force what the run leaves out, as the sweep does', { timeout: 120_000 }, async () => {
    const { status, output } = await plan(smallSpec({ only: ['score'], force: { label: 'again', stages: ['mask'] } }));
    expect(output).toContain('force.stages[0]: found "mask", but "only" leaves it out of this run; allowed: ');
    expect(output).not.toContain('mdqa/tiny/real');
    expect(status).toBe(1);
  });

  it('prints the DAG where files are not there, and says which', { timeout: 120_000 }, async () => {
    const tasks = [{ ...smallSpec().tasks[0]!, source: { kind: 'nq-open' as const, questions: 'nowhere.jsonl' } }];
    const { status, output } = await plan(smallSpec({ tasks, conditions: ['low/low'], write: { provider: 'offline' } }));
    expect(output).toContain('mdqa/tiny/low/low         not looked up: dataset, train, evaluate, score, mask');
    expect(output).toContain('keys rest on files that are not there');
    expect(output).toMatch(/problem: tasks\[0\]\.source\.questions: found no file at nowhere\.jsonl, allowed/);
    expect(status).toBe(1);
    const several = [{ ...tasks[0]!, source: { ...tasks[0]!.source, pool: 'no-pool.jsonl' } }];
    expect((await plan(smallSpec({ tasks: several, conditions: ['low/low'], write: { provider: 'offline' } }))).output).toContain('problem: tasks[0].source.questions: found no file at nowhere.jsonl, nor at no-pool.jsonl, allowed: a readable file');
  });
});
