/** The updates that steer a sweep: each checked before it is accepted, refused with a reason, and harmless when sent twice. */
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import type { z } from 'zod';
import { type Board, statusOf } from '../board.ts';
import { allowedKeys } from '../contracts/allowed-keys.ts';
import { InvalidInput, parse } from '../contracts/parse.ts';
import type { CellStatus } from '../contracts/progress.ts';
import { ConcurrencyRequest, FinishRequest, PriorityRequest, RetryChange, RetryRequest, SkipRequest, type SteeringAnswer } from '../contracts/steering.ts';
import { finish, pause, resume, retry, setConcurrency, setCostCeiling, setPriority, skip } from '../messages.ts';
import type { LlmAccount } from '../writing.ts';
import type { Desk } from './desk.ts';

/** Cells that a refusal names as allowed. */
const MOST_NAMES = 12;

/** Offers the updates of a sweep. `changed` is told after each. */
export function offerUpdates({ desk, account, board, changed }: { desk: Desk; account: LlmAccount; board: () => Board; changed: () => void }): void {
  const answer = (done: string, cells: readonly string[] = []): SteeringAnswer => {
    changed();
    return { done, cells: [...cells] };
  };
  const withStatus = (...wanted: CellStatus[]) => [...board().cells.values()].filter(({ status }) => wanted.includes(status)).map(({ id }) => id);
  const tryAgain = (cells: readonly string[], change: RetryChange | undefined) => {
    if (change?.write !== undefined) account.change(change.write);
    return desk.retry(cells, change);
  };

  setHandler(
    pause,
    async () => {
      await desk.setPaused(true);
      return answer('paused: what runs goes on to the end of its stage, nothing is begun', withStatus('running'));
    },
    { description: 'What runs goes on to the end of its stage, nothing is begun', validator: () => checkRunning(board()) },
  );
  setHandler(
    resume,
    async () => {
      await desk.setPaused(false);
      return answer('resumed');
    },
    { description: 'Goes on after pause', validator: () => checkRunning(board()) },
  );
  setHandler(
    retry,
    async (given?) => {
      const { cells = withStatus('blocked'), change } = RetryRequest.parse(given ?? {});
      board().refused = null;
      await tryAgain(cells, change);
      return answer(cells.length === 0 ? 'nothing is blocked' : 'trying again', cells);
    },
    {
      description: 'Tries blocked cells again; of some, with changes: {"cells": ["task/model/condition"], "change": {"run": {"timeoutHours": 72}}}',
      validator: (given?) => {
        checkRunning(board());
        checkChange(given);
        const { cells, change } = checked(RetryRequest, given ?? {}, 'retry');
        if (change?.write !== undefined) account.checkChange();
        checkCells(board(), cells, ['blocked'], 'retry');
      },
    },
  );
  setHandler(
    skip,
    async (given?) => {
      const { cells = withStatus('blocked') } = SkipRequest.parse(given ?? {});
      await desk.skip(cells);
      return answer(cells.length === 0 ? 'nothing is blocked' : 'skipped', cells);
    },
    {
      description: 'Gives cells up, all blocked ones or {"cells": ["task/model/condition"]}',
      validator: (given?) => {
        checkRunning(board());
        const { cells } = checked(SkipRequest, given ?? {}, 'skip');
        checkCells(board(), cells, ['blocked', 'waiting', 'running', 'skipped'], 'skip');
      },
    },
  );
  setHandler(
    finish,
    async (given?) => {
      const { now } = FinishRequest.parse(given ?? {});
      const left = withStatus('blocked', 'waiting', ...(now ? (['running'] as const) : []));
      await desk.finish(now);
      return answer(now ? 'stopping; the report follows' : 'the report follows when what runs has ended', left);
    },
    {
      description: 'Ends as partial when what runs has ended, or at once: {"now": true}',
      validator: (given?) => {
        checkRunning(board());
        checked(FinishRequest, given ?? {}, 'finish');
      },
    },
  );
  setHandler(
    setPriority,
    async (given) => {
      const { priority, cells } = PriorityRequest.parse(given);
      await desk.setPriority(priority, cells);
      return answer(`priority ${priority} for all that is begun from now on, and for trainer jobs that wait for a device`, cells);
    },
    {
      description: 'From 1 (first) to 5, of all or some: {"priority": 2, "cells": ["task/model/condition"]}',
      validator: (given) => {
        checkRunning(board());
        const { cells } = checked(PriorityRequest, given, 'setPriority');
        checkCells(board(), cells, ['blocked', 'waiting', 'running'], 'setPriority');
      },
    },
  );
  setHandler(
    setConcurrency,
    (given) => {
      const { cells } = ConcurrencyRequest.parse(given);
      desk.setConcurrency(cells);
      return answer(cells === null ? 'all cells may run at once' : `at most ${cells} cells begin to run at once`);
    },
    {
      description: 'Cells that run at once: {"cells": 8}; null: all',
      validator: (given) => {
        checkRunning(board());
        checked(ConcurrencyRequest, given, 'setConcurrency');
      },
    },
  );
  const raise = (dollars: number) => {
    account.raise(dollars);
    changed();
  };
  setHandler(setCostCeiling, raise, { description: 'A higher ceiling of LLM costs: 30', validator: (dollars: unknown) => account.checkCeiling(dollars) });
}

/** @throws where the sweep has begun to end */
function checkRunning(board: Board): void {
  const status = statusOf(board);
  if (status === 'reporting' || status === 'done' || status === 'failed' || status === 'cancelled') throw refusal(`found a sweep that is ${status}, allowed: one that still runs cells`);
}

function checked<T extends z.ZodType>(schema: T, given: unknown, what: string): z.output<T> {
  try {
    return parse(schema, given, `the input of ${what}`);
  } catch (error) {
    if (error instanceof InvalidInput) throw refusal(error.message);
    throw error;
  }
}

/** Unknown fields of a change, or of its parts, are as a rule fields of the spec: the refusal says why they cannot change here. */
function checkChange(given: unknown): void {
  const change = (given as { change?: unknown } | undefined)?.change;
  const known = RetryChange.safeParse(change ?? {});
  const foreign = known.success ? [] : known.error.issues.flatMap((issue) => (issue.code === 'unrecognized_keys' && issue.path.length < 2 ? issue.keys.map((key) => ['change', ...issue.path, key].join('.')) : []));
  if (foreign.length === 0) return;
  const allowed = ['train', 'write', 'run'].flatMap((part) => allowedKeys(RetryChange, [part], { [part]: {} }).map((key) => `${part}.${key}`));
  throw refusal(
    `${foreign.join(', ')}: found what would make other artifacts than the siblings of the cell have, allowed: ${allowed.join(', ')}. Start a sweep with a changed spec instead: what does not rest on the change is used again`,
  );
}

function checkCells(board: Board, ids: readonly string[] | undefined, allowed: readonly CellStatus[], what: string): void {
  for (const [index, id] of (ids ?? []).entries()) {
    const cell = board.cells.get(id);
    if (cell !== undefined && allowed.includes(cell.status)) continue;
    const names = [...board.cells.values()].filter(({ status }) => allowed.includes(status)).map((one) => one.id);
    const some = names.length > MOST_NAMES ? `${names.slice(0, MOST_NAMES).join(', ')} and ${names.length - MOST_NAMES} more` : names.join(', ') || 'none now';
    throw refusal(`cells[${index}]: found "${id}", ${cell === undefined ? 'which is not in the sweep' : `which is ${cell.status}`}; allowed for ${what}, a cell that is ${allowed.join(' or ')}: ${some}`);
  }
}

function refusal(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'InvalidInput');
}
