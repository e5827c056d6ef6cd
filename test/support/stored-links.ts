/** Where the rows of a page that is written over several sweeps lead: to artifacts that the store has, with the files that are named. */
import { expect } from 'vitest';
import type { ArtifactStore } from '#infra/artifacts/store.ts';
import type { Stage } from '#workflows/contracts/artifacts.ts';
import { numberCells, Trail } from '../activities/report/page-tree.ts';

/**
 * Follows every number of the page, but those of its specs, to artifacts of the store. Returns a function from a table's caption and a row's name to the artifacts behind it: `score: scores.json`.
 */
export async function storedLinks(page: string, store: ArtifactStore): Promise<(caption: string, row: string) => string[]> {
  const trail = new Trail(page);
  const cells = numberCells(trail).filter(({ name }) => !name.startsWith('Fields of the specs'));
  expect(cells.length).toBeGreaterThan(5);
  const rows = new Map<string, Map<string, Set<string>>>();
  for (const { name, from } of cells) {
    const { artifacts } = trail.follow(from);
    expect(artifacts.size, name).toBeGreaterThan(0);
    for (const [artifact, files] of artifacts) {
      const [kind, key] = artifact.split('/') as [Stage, string];
      const manifest = await store.find({ kind, key });
      expect(manifest?.files.map(({ name: file }) => file), artifact).toEqual(expect.arrayContaining([...files]));
    }
    rows.set(name.split(' | ').slice(0, 2).join(' | '), artifacts);
  }
  for (const { attributes } of trail.all((each) => 'data-artifact' in each.attributes)) expect(attributes.href).toContain(attributes['data-artifact']!);
  // What is to be said of a row stands behind its name.
  const artifactsOf = (row: string) => [...rows].find(([name]) => name.startsWith(row))?.[1] ?? new Map<string, Set<string>>();
  return (caption, row) => [...artifactsOf(`${caption} | ${row}`)].map(([artifact, files]) => `${artifact.split('/')[0]}: ${[...files].sort().join(' ')}`).sort();
}
