import { describe, expect, it } from 'vitest';
import { planDag } from '#workers/cli/plan-dag.ts';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import type { SweepSpecInput } from '#workflows/contracts/spec.ts';
import { decisions, type StageState } from '#workflows/plan/decisions.ts';
import { planRun, soughtFor } from '#workflows/plan/filters.ts';
import { artifactKey } from '#workflows/plan/keys.ts';
import { planSweep } from '#workflows/plan/plan.ts';
import { smallSpec } from '../support/spec.ts';

const [REAL, SYMBOLIC] = ['mdqa/tiny/real', 'mdqa/tiny/symbolic'];

/** The lines for a spec of which everything is there but some stages, named by cell and role. */
function dag(changes: Partial<SweepSpecInput>, states: Record<string, StageState>, options?: { keys: boolean }): string[] {
  const spec = parseSweepSpec(smallSpec({ patch: {}, ...changes }));
  const whole = planSweep(spec, { miniature: 'w'.repeat(64), 'examples/models/tiny-llama': 'm'.repeat(64) });
  const run = planRun(whole, spec);
  const found = new Map<string, StageState>(soughtFor(whole, run).map(({ key, force }) => [key, { state: force === undefined ? 'finished' : 'forced' }]));
  for (const cell of whole.cells) {
    for (const [role, recipe] of Object.entries<Recipe>({ ...cell.shared, ...cell.stages })) {
      const state = states[`${cell.id}: ${role}`];
      if (state !== undefined) found.set(artifactKey(recipe), state);
    }
  }
  return planDag(spec, whole, decisions(whole, run, found), options);
}

const lineOf = (lines: readonly string[], id: string) => lines.find((line) => line.trimStart().startsWith(`${id} `))!.trim().replace(/ {2,}/g, '  ');

describe('the DAG of a plan', () => {
  it('says of every stage what becomes of it and why, a line per cell', () => {
    const lines = dag({ force: { label: 'again', stages: [{ stage: 'train', condition: 'real' }] }, leaveOut: [{ stage: 'mask', condition: 'symbolic' }] }, { [`${SYMBOLIC}: score`]: { state: 'missing' }, [`${SYMBOLIC}: evaluate`]: { state: 'outdated', inputs: ['dataset'] } });
    expect(lines).toContain('  source rows (mdqa)  there');
    expect(lines).toContain('  test split (mdqa/tiny)  there');
    expect(lineOf(lines, REAL)).toBe('mdqa/tiny/real  there: dataset · forced (again): train · there, made anew if train comes out different: evaluate, score · there, made anew if train or score comes out different: mask');
    expect(lineOf(lines, SYMBOLIC)).toBe('mdqa/tiny/symbolic  there: dataset, train · outdated (dataset made anew since, with other contents): evaluate · missing: score · there, made anew if train or score comes out different: patch · left out: mask');
  });

  it('lists stages with their keys and what they rest on', () => {
    const lines = dag({}, {}, { keys: true });
    const { cells } = planSweep(parseSweepSpec(smallSpec({ patch: {} })), { miniature: 'w'.repeat(64), 'examples/models/tiny-llama': 'm'.repeat(64) });
    const { score, train } = cells[0]!.stages;
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^    ${artifactKey(score!).slice(0, 12)}  score  there  ← base [0-9a-f]{12}, adapter ${artifactKey(train!).slice(0, 12)}, dataset [0-9a-f]{12}$`)));
  });

  it('tells what is left out, cannot exist, or is no part of the run', () => {
    const lines = dag({ conditions: ['real', 'limited-L2', 'symbolic'], tasks: [{ ...smallSpec().tasks[0]!, task: 'summhay' }], leaveOut: [{ condition: 'untuned' }], only: ['train'] }, { 'summhay/tiny/symbolic: mask': { state: 'missing' } });
    expect(lines).toContain('  left out of the grid (leaveOut): summhay/tiny/untuned');
    expect(lines).toContain('  summhay/tiny/limited-L2  skipped: SummHay Citation has no limited real data (paper, appendix C.1)');
    expect(lineOf(lines, 'summhay/tiny/symbolic')).toContain('missing, but not part of this run (only): mask');
  });
});
