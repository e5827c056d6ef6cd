import { Connection, Client, WorkflowFailedError } from '@temporalio/client';
import { rootCause } from '@temporalio/common';
import { SweepResult } from '#workflows/contracts/progress.ts';
import { parse } from '#workflows/contracts/parse.ts';
import { homeFrom } from '../home.ts';
import { NAMESPACE, runningStack, type Stack, type StackDescription, startStack } from '../stack.ts';
import { attend } from './attend.ts';
import { launchSweep } from './launch-sweep.ts';
import { watchSweep } from './progress-view.ts';
import { printSummary } from './summary.ts';
import { sweepResult } from './sweep-result.ts';
import { untilStopped } from './signals.ts';
import { readSpecFile } from './spec-file.ts';

/**
 * `needlework start`: a sweep from start to report, on a stack of its own or on the one that is up already. Started again,
 * it goes on where it was: a sweep that was interrupted is resumed, finished stages are not run again, failed ones are tried
 * again. It never waits for a person, unless with `park`: when only blocked cells are left, the sweep ends as partial.
 * Exit status 1 if any cell failed, 130 after an interrupt.
 */
export async function start(specFile: string, options: { id?: string; park?: boolean }): Promise<void> {
  const { given, spec } = await readSpecFile(specFile);
  const home = homeFrom(process.env);
  const other = await runningStack(home);
  const stack: StackDescription & Partial<Stack> = other ?? (await startStack(home, process.env, (step) => console.log(`starting ${step}`), (text) => console.log(text)));
  const interrupted = untilStopped();
  try {
    console.log(`\nTemporal ${stack.temporalAddress}, Web UI ${stack.uiUrl}\n`);
    const connection = await Connection.connect({ address: stack.temporalAddress });
    const client = new Client({ connection, namespace: NAMESPACE });
    const workflowId = options.id ?? spec.name;
    const handle = await launchSweep(client, { workflowId, given, spec });
    console.log(`sweep ${workflowId}: ${stack.uiUrl}/namespaces/${NAMESPACE}/workflows/${encodeURIComponent(workflowId)}\n`);
    const finished = sweepResult(handle);
    finished.catch(() => {}); // told below; the progress view ends first
    void attend(client, workflowId, finished, { park: options.park ?? false });
    const outcome = await Promise.race([
      watchSweep(client, workflowId, finished, stack.trouble).then(() => 'finished' as const),
      interrupted,
      ...(stack.failed ? [stack.failed] : []),
    ]);
    if (outcome !== 'finished') {
      console.log(`\ninterrupted (${outcome}); the same command resumes the sweep`);
      process.exitCode = 130;
      return;
    }
    const result = parse(SweepResult, await finished, 'the result of the sweep');
    await printSummary(result);
    if (result.status !== 'complete') process.exitCode = 1;
    await connection.close();
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    throw new Error(`the sweep failed: ${rootCause(error.cause) ?? error.message}`);
  } finally {
    await stack.stop?.();
  }
}
