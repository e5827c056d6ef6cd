/** Histories of every release, replayed by the present workflow code: sweeps that run elsewhere go on under it. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';

type Bundle = Awaited<ReturnType<typeof bundleWorkflowCode>>;

const here = new URL('./', import.meta.url);
const releases = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);
const namesOf = (release: string) => readdirSync(new URL(`${release}/`, here)).map((file) => file.replace(/\.json$/, ''));
/** Workflows find others by their ids, so each is replayed under its own. */
const workflowIdOf = (name: string) => name.replace(/-(real|symbolic)$/, '/mdqa/tiny/$1').replace(/-herald$/, '/herald');
const isSweep = (name: string) => workflowIdOf(name) === name;

const bundleOf = (workflows: string) => bundleWorkflowCode({ workflowsPath: fileURLToPath(new URL(workflows, here)), logger: new DefaultLogger('WARN') });

/** Histories that the code does not go on with, each with the reason. */
async function refused(workflowBundle: Bundle): Promise<string[]> {
  const found: string[] = [];
  for (const release of releases) {
    const histories = namesOf(release).map((name) => ({ workflowId: workflowIdOf(name), history: JSON.parse(readFileSync(new URL(`${release}/${name}.json`, here), 'utf8')) as unknown }));
    for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, histories)) if (error) found.push(`${release}, ${workflowId}: ${error.message}`);
  }
  return found;
}

describe('recorded histories', { timeout: 240_000 }, () => {
  beforeAll(() => Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'ERROR', forward: {} } } }));

  it('are there of sweeps and of their cells, of every release', () => {
    expect(releases.length).toBeGreaterThan(0);
    for (const release of releases) expect(namesOf(release)).toEqual(expect.arrayContaining(['complete', 'complete-real', 'blocked-and-retried', 'blocked-and-retried-real', 'paused', 'cancelled', 'terminated', 'terminated-herald']));
  });

  it('go on under the present workflow code; if not: patch the change (patched of @temporalio/workflow), or release it beside the old code and record anew', async () => {
    expect(await refused(await bundleOf('../../workflows/index.ts'))).toEqual([]);
  });

  it('do not go on under code with an incompatible change, so this test would notice one', async () => {
    const found = await refused(await bundleOf('./incompatible.ts'));
    expect(found).toHaveLength(releases.flatMap(namesOf).filter(isSweep).length);
    for (const reason of found) expect(reason).toMatch(/nondeterminism|Nondeterminism|determinis/i);
  });
});
