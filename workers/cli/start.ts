import { WorkflowFailedError } from '@temporalio/client';
import { rootCause } from '@temporalio/common';
import { SweepResult } from '#workflows/contracts/progress.ts';
import { parse } from '#workflows/contracts/parse.ts';
import { homeFrom } from '../home.ts';
import { NAMESPACE } from '../stack.ts';
import { beginSweep, showToItsEnd } from './begun-sweep.ts';
import { untilStopped } from './signals.ts';
import { readSpecFile } from './spec-file.ts';
import { printSummary } from './summary.ts';
import { withStack } from './with-stack.ts';

/**
 * `needlework start`: a sweep from start to report, on a stack of its own or on the one that is up already. Started again,
 * it goes on where it was: a sweep that was interrupted is resumed, finished stages are not run again, failed ones are tried
 * again. It never waits for a person, unless with `park`: when only blocked cells are left, the sweep ends as partial.
 * Exit status 1 if any cell failed, 130 after an interrupt.
 */
export async function start(specFile: string, options: { id?: string; park?: boolean }): Promise<void> {
  const { given, spec } = await readSpecFile(specFile);
  await withStack(homeFrom(process.env), async (client, { temporalAddress, uiUrl, trouble }) => {
    const interrupted = untilStopped();
    console.log(`\nTemporal ${temporalAddress}, Web UI ${uiUrl}\n`);
    const workflowId = options.id ?? spec.name;
    const sweep = await beginSweep(client, { workflowId, given, spec }, { park: options.park ?? false });
    console.log(`sweep ${workflowId}: ${uiUrl}/namespaces/${NAMESPACE}/workflows/${encodeURIComponent(workflowId)}\n`);
    if (!(await showToItsEnd(client, sweep, interrupted, trouble))) return;
    const result = parse(SweepResult, await sweep.finished.catch(told), 'the result of the sweep');
    await printSummary(result);
    if (result.status !== 'complete') process.exitCode = 1;
  });
}

/** Why a sweep failed, in one line. */
function told(error: unknown): never {
  if (!(error instanceof WorkflowFailedError)) throw error;
  throw new Error(`the sweep failed: ${rootCause(error.cause) ?? error.message}`);
}
