/** `needlework compare` as a person runs it, on a store without a Temporal server. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storedLinks } from '../support/stored-links.ts';
import { compare } from '#workers/cli/compare.ts';
import { SweepComparison } from '#workflows/contracts/comparison.ts';
import { inProcess, storeEnvironment } from '../support/command.ts';
import { temporaryFolder } from '../support/folders.ts';
import { makeSweep } from '../support/made-sweep.ts';
import { smallSpec } from '../support/spec.ts';
import { s3ForTests } from '../support/stored-activities.ts';

const root = temporaryFolder();
let server: Awaited<ReturnType<typeof s3ForTests>>;
let run: (a: string, b: string) => ReturnType<typeof inProcess>;

beforeAll(async () => {
  server = await s3ForTests(root);
  const env = storeEnvironment(root, server.endpoint);
  run = (a, b) => inProcess(env, () => compare(a, b));
  await makeSweep(server.context, 'first', smallSpec({ name: 'first' }), { f1: (unit) => (unit.endsWith('/real') ? 0.2 : 0.5) });
  // Its learning rate makes other adapters, and so other answers.
  await makeSweep(server.context, 'second', smallSpec({ name: 'second', train: { learningRate: 1e-3 } }), { f1: (unit) => (unit.endsWith('/real') ? 0.9 : 0.5), has: (unit) => !unit.endsWith('/symbolic') });
});
afterAll(() => server?.stop());

describe('needlework compare', { timeout: 120_000 }, () => {
  it('puts two sweeps side by side, with what one of them lacks', async () => {
    const { status, output } = await run('first', 'second');
    const folder = join(root, 'home', 'reports', '_compare', 'first-and-second');
    expect(output).toContain(`comparison: ${join(folder, 'comparison.html')}`);
    expect(output).toMatch(/train\.learningRate +0\.0002 +0\.001/);
    expect(output).toMatch(/MDQA, tiny: Symbolic .* b: train, evaluate, score, mask: not there yet/);
    expect(status).toBe(0);
    const { cells, differences } = SweepComparison.parse(JSON.parse(readFileSync(join(folder, 'comparison.json'), 'utf8')));
    expect(differences).toEqual([{ field: 'train.learningRate', a: '0.0002', b: '0.001' }]);
    const real = cells.find(({ by }) => by === 'real')!;
    expect(real.b.f1!.mean - real.a.f1!.mean).toBeCloseTo(real.f1!.mean, 12);
    expect(real.f1!.low).toBeGreaterThan(0.4);
    // Untuned models do not rest on the learning rate: both sweeps have the same artifact.
    expect(cells.find(({ by }) => by === 'untuned')!.f1).toEqual({ mean: 0, low: 0, high: 0 });
    const page = readFileSync(join(folder, 'comparison.html'), 'utf8');
    expect(page).toContain('<code>npx needlework compare first second</code>');
    // Symbolic's answers and heads are not there in b: what there is of them is a's.
    const reached = await storedLinks(page, server.store);
    expect(reached('F1 of both sweeps: MDQA, tiny', 'Real data')).toEqual(['dataset: test.jsonl', 'dataset: validation.jsonl', 'evaluate: metrics.json predictions.jsonl', 'evaluate: metrics.json predictions.jsonl', 'score: examples.safetensors scores.json', 'score: examples.safetensors scores.json']);
    expect(reached('F1 of both sweeps: MDQA, tiny', 'Symbolic').filter((each) => each.startsWith('evaluate'))).toHaveLength(1);
    await run('first', 'second');
    expect(readFileSync(join(folder, 'comparison.html'), 'utf8')).toBe(page);
  });

  it('refuses a sweep that the store does not know', async () => {
    const { status, output } = await run('first', 'third');
    expect(output).toMatch(/sweep: found "third", allowed: a sweep of this store \(first, second\)/);
    expect(status).toBe(1);
  });
});
