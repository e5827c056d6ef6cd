/**
 * The signals that steer a sweep. Sent in bulk to all that is blocked (`temporal workflow signal --query`) they reach the workflows of
 * cells, each for itself; to the sweep they mean what has no workflow of its own, so that nothing is tried again twice.
 */
import { ApplicationFailure, log, setHandler } from '@temporalio/workflow';
import type { Board } from '../board.ts';
import type { RetryChange } from '../contracts/steering.ts';
import { retryCell, skipCell } from '../messages.ts';
import type { LlmAccount } from '../writing.ts';
import type { Desk } from './desk.ts';
import { NOTHING_TRIED, retryChange } from './retry-change.ts';

/** Offers them. `changed` is told after each. */
export function offerSignals({ desk, account, board, changed }: { desk: Desk; account: LlmAccount; board: () => Board; changed: () => void }): void {
  const retryOwn = (given: unknown) => {
    const { change, refused } = retryChange(given);
    const why = refused ?? refusedBy(account, change);
    // A signal cannot be refused, so it is shown; the update of the same name says what is wrong at once.
    board().refused = why;
    if (why !== null) log.warn(why);
    else if (change !== null) {
      if (change.write !== undefined) account.change(change.write);
      desk.retryOwn(change);
    }
    changed();
  };
  setHandler(retryCell, retryOwn, { description: 'Tries again what is blocked and has no workflow of its own, with changes or without: {"run": {"timeoutHours": 72}}. In bulk: temporal workflow signal --query. The update of this name is for all that is blocked' });
  const skipOwn = () => {
    desk.skipOwn();
    changed();
  };
  setHandler(skipCell, skipOwn, { description: 'Gives up what is blocked and has no workflow of its own. In bulk: temporal workflow signal --query' });
}

/** Why the sweep cannot do what a change asks for; null where it can. */
function refusedBy(account: LlmAccount, change: RetryChange | null): string | null {
  if (change?.write === undefined) return null;
  try {
    account.checkChange();
    return null;
  } catch (error) {
    if (error instanceof ApplicationFailure) return `${NOTHING_TRIED}${error.message}`;
    throw error;
  }
}
