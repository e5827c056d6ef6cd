/** Records of sweeps in the store: which there are, what each was asked for, and the report that it ended with. */
import type { Documents } from '#infra/artifacts/documents.ts';
import type { ArtifactRef } from '#workflows/contracts/artifacts.ts';
import { InvalidInput, parse } from '#workflows/contracts/parse.ts';
import type { SweepSpec } from '#workflows/contracts/spec.ts';
import { PublishedReport, SweepRecord } from '#workflows/contracts/sweep-record.ts';
import type { Fingerprints } from '#workflows/plan/recipes.ts';
import { experimentOf } from '#workflows/plan/report.ts';
import { sweepFolder } from './folder.ts';

const SWEEPS = 'sweeps/';
const nameOf = (sweep: string, document: 'sweep' | 'report') => `${SWEEPS}${sweepFolder(sweep)}/${document}`;

/** Notes what a sweep is asked for, as it starts; a sweep of the same name that was asked for something else gives way. */
export async function recordSweep(documents: Documents, sweep: string, spec: SweepSpec, fingerprints: Fingerprints): Promise<void> {
  await documents.put(nameOf(sweep, 'sweep'), { schemaVersion: 1, sweep, spec: experimentOf(spec), fingerprints } satisfies SweepRecord);
}

/** Notes the report that a sweep ended with. */
export async function recordReport(documents: Documents, sweep: string, report: ArtifactRef): Promise<void> {
  await documents.put(nameOf(sweep, 'report'), { schemaVersion: 1, report } satisfies PublishedReport);
}

/**
 * The record of a sweep. @throws InvalidInput where the store has none, naming those that there are, or where it does not fit what
 * this version of Needlework knows
 */
export async function readSweep(documents: Documents, sweep: string): Promise<SweepRecord> {
  const found = await documents.get(nameOf(sweep, 'sweep'));
  if (found !== null) return parse(SweepRecord, found, `the record of sweep ${sweep} in the store`);
  const names = (await listSweeps(documents)).map((one) => one.sweep);
  throw new InvalidInput('the name of the sweep', [
    `sweep: found ${JSON.stringify(sweep)}, allowed: a sweep of this store (${names.length === 0 ? 'which has none' : names.join(', ')}); one that ran before the store kept such records is known once it was started again, which runs nothing that is there`,
  ]);
}

/** The last report that a sweep published; null where it has published none, or none that this version can read. */
export async function lastReport(documents: Documents, sweep: string): Promise<ArtifactRef | null> {
  const parsed = PublishedReport.safeParse(await documents.get(nameOf(sweep, 'report')));
  return parsed.success ? parsed.data.report : null;
}

/** A sweep of the store; `record` is null where it cannot be read, `problem` says why. */
export type ListedSweep = { sweep: string } & ({ record: SweepRecord; problem: null } | { record: null; problem: string });

/** All sweeps of the store, by name. */
export async function listSweeps(documents: Documents): Promise<ListedSweep[]> {
  const names = (await documents.names(SWEEPS)).filter((name) => name.endsWith('/sweep'));
  const listed = await Promise.all(
    names.map(async (name): Promise<ListedSweep> => {
      const folder = name.slice(SWEEPS.length, -'/sweep'.length);
      try {
        const record = parse(SweepRecord, await documents.get(name), `the record of sweep ${folder} in the store`);
        return { sweep: record.sweep, record, problem: null };
      } catch (error) {
        return { sweep: folder, record: null, problem: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
  return listed.sort((a, b) => (a.sweep < b.sweep ? -1 : a.sweep > b.sweep ? 1 : 0));
}
