import { fingerprintInputs } from '#activities/inputs/fingerprint.ts';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { artifactKey } from '#workflows/plan/keys.ts';
import { planSweep } from '#workflows/plan/plan.ts';
import { CHECKOUT } from '../home.ts';
import { readSpecFile } from './spec-file.ts';

/** `needlework plan`: the DAG of a spec, every stage with its key, without running anything. */
export async function plan(specFile: string): Promise<void> {
  const { spec } = await readSpecFile(specFile);
  const { baselines, cells } = planSweep(spec, await fingerprintInputs(CHECKOUT, spec));
  const shared = new Map<string, string>();
  for (const unit of [...baselines, ...cells]) {
    for (const [role, recipe] of Object.entries(unit.shared) as [string, Recipe][]) shared.set(artifactKey(recipe), `${unit.task} × ${unit.model}: ${role}`);
  }
  console.log(`${spec.name}: ${cells.length} cells, ${baselines.length} baselines\n\nshared`);
  for (const [key, label] of shared) console.log(`  ${key.slice(0, 12)}  ${label}`);
  for (const unit of [...baselines, ...cells]) {
    console.log(`\n${unit.id}`);
    for (const [role, recipe] of Object.entries(unit.stages) as [string, Recipe][]) console.log(`  ${artifactKey(recipe).slice(0, 12)}  ${role}`);
  }
}
