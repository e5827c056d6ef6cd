/** A sweep's artifacts put into a store by hand, under the keys that the sweep itself would give them. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ArtifactStore } from '#infra/artifacts/store.ts';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import type { SweepSpec } from '#workflows/contracts/spec.ts';
import { refOf } from '#workflows/plan/keys.ts';
import { planSweep, type Unit, unitsOf } from '#workflows/plan/plan.ts';
import type { Fingerprints } from '#workflows/plan/recipes.ts';
import { reportOver, rolesOf } from '#workflows/plan/report.ts';

/** What the manifest of an artifact and its files hold; files by name, as they are or what is written as JSON (an array in `.jsonl`: a line each). */
export interface Contents {
  files: Record<string, unknown>;
  summary?: Record<string, number | string | boolean | null>;
  measurements?: Record<string, number>;
}

/** What a stage of a unit made; null where it has not run. `role` is `train`, `test`, …. */
export type ContentsOf = (unit: Unit, role: string, recipe: Recipe) => Contents | null;

export interface StoredSweep {
  spec: SweepSpec;
  fingerprints: Fingerprints;
  /** Folder for files on their way into the store. */
  folder: string;
  /** Reasons for what is not there, by unit. */
  missing?: Record<string, string>;
  contentsOf: ContentsOf;
}

/** Puts every artifact that there is into the store, unless it is there, and returns the recipe of the report over them. */
export async function storeSweep(store: ArtifactStore, { spec, fingerprints, folder, missing = {}, contentsOf }: StoredSweep): Promise<Recipe> {
  const plan = planSweep(spec, fingerprints);
  const absent: string[] = [];
  for (const unit of unitsOf(plan)) {
    for (const [name, recipe] of rolesOf(unit)) {
      const { stage: kind, key } = refOf(recipe);
      // Units share artifacts, and so do sweeps.
      if ((await store.find({ kind, key })) !== null) continue;
      const contents = contentsOf(unit, name.slice(unit.id.length + 2), recipe);
      if (contents === null) {
        absent.push(name);
        continue;
      }
      await storeArtifact(store, folder, recipe, contents);
    }
  }
  return reportOver({ spec, absent, missing, skipped: plan.skipped }, plan);
}

/** Commits what the stage of a recipe made, by way of a folder below `folder`. */
async function storeArtifact(store: ArtifactStore, folder: string, recipe: Recipe, { files, summary = {}, measurements = {} }: Contents): Promise<void> {
  const output = await mkdtemp(join(folder, 'artifact-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(output, name)), { recursive: true });
    await writeFile(join(output, name), bytesOf(name, content));
  }
  const { stage, key } = refOf(recipe);
  await store.commit({ kind: stage, key, recipe, summary, measurements, versions: { needlework: 'by hand' } }, output);
  await rm(output, { recursive: true });
}

function bytesOf(name: string, content: unknown): string | Uint8Array {
  if (typeof content === 'string' || content instanceof Uint8Array) return content;
  if (name.endsWith('.jsonl')) return (content as unknown[]).map((line) => `${JSON.stringify(line)}\n`).join('');
  return JSON.stringify(content);
}
