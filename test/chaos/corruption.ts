/** Damage to artifacts, and looking whether it was found. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SeededRandom } from '#activities/random/seeded.ts';
import { Manifest } from '#infra/artifacts/manifest.ts';
import type { SweepPlan } from '#workflows/contracts/progress.ts';

export interface Damaged {
  /** `train/0123…`. */
  artifact: string;
  folder: string;
}

type Stages = SweepPlan['units'][number]['stages'];

/** Artifacts that are there and that a stage which is not finished yet will read. */
export function wantedArtifacts(plan: SweepPlan): { stage: string; key: string }[] {
  const stages: Stages = plan.units.flatMap((unit) => unit.stages);
  const isDone = (state: Stages[number]['state']) => state === 'done' || state === 'reused';
  const wanted = new Set(stages.filter(({ state }) => !isDone(state)).flatMap(({ needs }) => needs));
  const found = stages.filter(({ key, state }) => isDone(state) && wanted.has(key));
  return [...new Map(found.map(({ stage, key }) => [key, { stage, key }])).values()];
}

/** Damages one of these artifacts on the disk of the S3 server, in one of several ways; says how. Null where none can be. */
export function damage(s3Folder: string, artifacts: readonly { stage: string; key: string }[], random: SeededRandom): (Damaged & { how: string }) | null {
  for (const { stage, key } of random.shuffle(artifacts)) {
    const folder = join(s3Folder, 'needlework', 'artifacts', stage, key);
    const manifestFile = join(folder, 'manifest.json');
    const manifest = readManifest(manifestFile);
    const files = manifest?.files.filter(({ bytes }) => bytes > 0) ?? [];
    if (files.length === 0) continue;
    const { name, object } = files[random.int(files.length)]!;
    const path = join(s3Folder, 'needlework', object);
    if (!existsSync(path)) continue;
    const damaged = { artifact: `${stage}/${key.slice(0, 12)}…`, folder };
    switch (random.int(4)) {
      case 0: {
        const bytes = readFileSync(path);
        const at = random.int(bytes.length);
        bytes[at]! ^= 1 << random.int(8);
        writeFileSync(path, bytes);
        return { ...damaged, how: `one bit of ${name} turned` };
      }
      case 1:
        truncateSync(path, Math.floor(statSync(path).size * random.float()));
        return { ...damaged, how: `${name} cut short` };
      case 2:
        rmSync(path);
        return { ...damaged, how: `${name} removed` };
      default:
        writeFileSync(manifestFile, readFileSync(manifestFile, 'utf8').slice(0, 100));
        return { ...damaged, how: 'its manifest cut short' };
    }
  }
  return null;
}

/** Whether an artifact is what its manifest says. */
export function isSound(s3Folder: string, { folder }: Damaged): boolean {
  const manifest = readManifest(join(folder, 'manifest.json'));
  return manifest !== null && manifest.files.every(({ object, sha256 }) => {
    const path = join(s3Folder, 'needlework', object);
    return existsSync(path) && createHash('sha256').update(readFileSync(path)).digest('hex') === sha256;
  });
}

function readManifest(path: string): Manifest | null {
  try {
    return Manifest.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}
