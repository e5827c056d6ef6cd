import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { advicePage, adviceSentences, candidateName, percent } from '#activities/report/advice-page.ts';
import { canonicalJson } from '#activities/report/canonical-json.ts';
import { range, score } from '#activities/report/format.ts';
import { withArtifacts } from '#activities/report/places.ts';
import { oneLine, tableLines } from '#activities/report/table-lines.ts';
import { adviceOf, adviceOnSweep } from '#activities/sweeps/advise.ts';
import { sweepFolder } from '#activities/sweeps/folder.ts';
import type { Advice, Ranking } from '#workflows/contracts/advice.ts';
import type { Overlap } from '#workflows/contracts/agreement.ts';
import { parse } from '#workflows/contracts/parse.ts';
import { SweepResult } from '#workflows/contracts/progress.ts';
import { type AdvicePlan, planAdvice } from '#workflows/plan/advice.ts';
import { type Home, homeFrom } from '../home.ts';
import { placesFrom } from '../places.ts';
import { NAMESPACE } from '../stack.ts';
import { beginSweep, type BegunSweep, showToItsEnd } from './begun-sweep.ts';
import { readJsonFile } from './json-file.ts';
import { untilStopped } from './signals.ts';
import { withSweeps } from './sweep-store.ts';
import { withStack } from './with-stack.ts';

export interface AdviseOptions {
  by?: Overlap;
  out?: string;
}

/**
 * `needlework advise`: candidates ranked by the overlap of their heads with those that real data teaches. Of a sweep of the store, from
 * what is there; of an advice spec, after its sweeps have run: trainings and head scoring, no evaluation. Exit status 1 where nothing
 * could be ranked, 130 after an interrupt.
 */
export async function advise(what: string, { by, out }: AdviseOptions = {}): Promise<void> {
  const home = homeFrom(process.env);
  const advice = what.endsWith('.json') ? await adviceOnSpec(home, what, by) : await withSweeps(home, process.env, (sweeps) => adviceOnSweep(sweeps, what, by ?? 'recall'));
  if (advice === null) return;
  const folder = out === undefined ? join(home.reportsFolder, '_advice', sweepFolder(advice.name)) : resolve(out);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'advice.json'), canonicalJson(advice));
  await writeFile(join(folder, 'advice.html'), withArtifacts(advicePage(advice, what), (await placesFrom(home, process.env)).artifacts, folder));
  console.log([...adviceTable(advice), '', ...adviceSentences(advice).map(oneLine), '', `advice: ${join(folder, 'advice.html')}`].join('\n'));
  if (advice.rankings.every(({ candidates }) => candidates.every(({ rank }) => rank === null))) process.exitCode = 1;
}

/** Runs what the spec asks for and ranks it; null after an interrupt. */
async function adviceOnSpec(home: Home, file: string, by: Overlap | undefined): Promise<Advice | null> {
  const plan = planAdvice(await readJsonFile(file, 'the path of an advice spec, or the name of a sweep of the store'));
  const finished = await (process.env.NEEDLEWORK_S3_BUCKET ? onFleet(plan) : withStack(home, (client, { trouble }) => runSweeps(client, plan, trouble)));
  if (!finished) return null;
  return withSweeps(home, process.env, (sweeps) => adviceOf(sweeps, by === undefined ? plan : { ...plan, advice: { ...plan.advice, by } }));
}

async function onFleet(plan: AdvicePlan): Promise<boolean> {
  const { connectionOptions, namespace = NAMESPACE } = loadClientConnectConfig();
  // Stays open until the command ends, as in withStack.
  const connection = await Connection.connect(connectionOptions);
  return runSweeps(new Client({ connection, namespace }), plan);
}

/** Runs all sweeps of the advice at once, and shows one after the other. Whether they ended; what failed in them is shown by the ranking. */
async function runSweeps(client: Client, { sweeps }: AdvicePlan, trouble?: () => string | null): Promise<boolean> {
  const interrupted = untilStopped();
  const begun: BegunSweep[] = [];
  for (const sweep of sweeps) begun.push(await beginSweep(client, sweep, { park: false }));
  for (const sweep of begun) {
    const { workflowId, finished } = sweep;
    console.log(`\nsweep ${workflowId}`);
    if (!(await showToItsEnd(client, sweep, interrupted, trouble))) return false;
    await finished.then(
      (result) => {
        for (const { message, remedy } of parse(SweepResult, result, `the result of sweep ${workflowId}`).failures) console.log(`failed: ${message}\n  what to do: ${remedy}`);
      },
      (error: unknown) => console.log(`sweep ${workflowId} failed: ${error instanceof Error && error.cause instanceof Error ? error.cause.message : error}`),
    );
  }
  console.log('');
  return true;
}

const COLUMNS = [{ head: 'Rank', numeric: true }, { head: 'Training data' }, ...['Recall', '95 % interval', 'Cosine', '95 % interval', 'First', 'Heads > 0', 'F1'].map((head) => ({ head, numeric: true })), { head: 'Not there' }];

/** Lines for the terminal: a table for each task and model. */
export function adviceTable({ rankings }: Advice): string[] {
  return rankings.flatMap((ranking: Ranking, at) => [
    ...(at > 0 ? [''] : []),
    oneLine(ranking.setting),
    ...tableLines(
      COLUMNS,
      ranking.candidates.map(({ name, rank, recall, cosine, first, positive, heads, f1, reason }) => [
        rank === null ? '–' : String(rank),
        candidateName(name),
        score(recall?.mean),
        recall === null ? '–' : range(recall),
        score(cosine?.mean),
        cosine === null ? '–' : range(cosine),
        percent(first),
        positive === null ? '–' : `${positive}/${heads}`,
        score(f1),
        reason ?? '',
      ]),
    ),
  ]);
}
