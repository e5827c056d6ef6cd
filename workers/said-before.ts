/** What people have said to a run of a sweep, by its history: that tells it whatever code made it. */
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { z } from 'zod';
import { Renewed, type SaidBefore } from '#workflows/contracts/renewed.ts';
import { Concurrency, PriorityKey } from '#workflows/contracts/run.ts';
import { PriorityRequest } from '#workflows/contracts/steering.ts';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type Input = { payloads?: Parameters<typeof defaultPayloadConverter.fromPayload>[0][] | null } | null | undefined;

/** What is read of what a run before had carried over (contracts/carried.ts), which another version of the code may have written. */
const CarriedBefore = z.object({
  said: z.object({ paused: z.boolean(), ending: z.boolean(), concurrency: Concurrency, priority: PriorityKey.optional() }),
  priorities: z.record(z.string(), PriorityKey),
  llm: z.object({ costCeilingDollars: z.number().positive().optional() }).optional(),
  changes: z.array(z.unknown()),
  units: z.record(z.string(), z.object({ status: z.string().optional() })),
});

export interface Said {
  /** What holds for a run that takes its place. */
  said: SaidBefore;
  /** What was about how things stood then, or changed single cells: as it was said, for people. */
  lost: string[];
}

export function saidIn({ events }: History): Said {
  const { said, lost } = saidAtStart(argument(events?.[0]?.workflowExecutionStartedEventAttributes?.input, 1));
  const onLost = (name: string, given: unknown) => void lost.push(given === undefined || given === null ? name : `${name} ${JSON.stringify(given)}`);
  for (const event of events ?? []) {
    const update = (event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest ?? event.workflowExecutionUpdateAdmittedEventAttributes?.request)?.input;
    const signal = event.workflowExecutionSignaledEventAttributes;
    const name = update?.name ?? signal?.signalName;
    const given = argument(update?.args ?? signal?.input);
    if (name === 'pause' || name === 'resume') said.paused = name === 'pause';
    else if (name === 'setConcurrency') said.concurrency = (given as { cells: number | null }).cells;
    else if (name === 'setCostCeiling') said.costCeilingDollars = given as number;
    else if (name === 'setPriority') onPriority(said, PriorityRequest.parse(given));
    else if (name === 'finish' || name === 'skip') {
      // Whoever finishes a sweep has it go on.
      if (name === 'finish') said.paused = false;
      onLost(name, given);
    } else if (name === 'retry' && isChange(given, update === undefined || update === null)) onLost(name, given);
  }
  return { said, lost };
}

/** Whether anything is to be said again. */
export function isAnythingSaid({ priorities, paused, ...others }: SaidBefore): boolean {
  return paused || Object.keys(priorities).length > 0 || Object.values(others).some((value) => value !== undefined);
}

/** The same as people read it. */
export function saidText({ paused, concurrency, priority, priorities, costCeilingDollars }: SaidBefore): string {
  const own = Object.entries(priorities).map(([id, of]) => `${of} for ${id}`);
  return [
    ...(paused ? ['paused'] : []),
    ...(concurrency === undefined ? [] : [`concurrency ${concurrency ?? 'of all'}`]),
    ...(priority === undefined ? [] : [`priority ${priority}`]),
    ...(own.length === 0 ? [] : [`priority ${own.join(', ')}`]),
    ...(costCeilingDollars === undefined ? [] : [`a cost ceiling of ${costCeilingDollars} dollars`]),
  ].join(', ');
}

function onPriority(said: SaidBefore, { priority, cells }: PriorityRequest): void {
  if (cells === undefined) {
    said.priority = priority;
    said.priorities = {};
  } else for (const id of cells) said.priorities[id] = priority;
}

/** A retry without a change is over once it is heard. A signal's input is the change itself. */
function isChange(given: unknown, isSignal: boolean): boolean {
  return isSignal ? given !== undefined && given !== null : (given as { change?: unknown } | undefined)?.change !== undefined;
}

/** What the run itself was started with beside its spec: it was one of several, or took the place of another. */
function saidAtStart(given: unknown): Said {
  const renewed = Renewed.safeParse(given);
  if (renewed.success) return { said: renewed.data.saidBefore, lost: [] };
  const carried = CarriedBefore.safeParse(given);
  if (!carried.success) return { said: { paused: false, priorities: {} }, lost: [] };
  const { said: { paused, ending, concurrency, priority }, priorities, llm, changes, units } = carried.data;
  const skipped = Object.entries(units).flatMap(([id, { status }]) => (status === 'skipped' ? [id] : []));
  return {
    said: { paused, concurrency, ...(priority !== undefined && { priority }), priorities, ...(llm?.costCeilingDollars !== undefined && { costCeilingDollars: llm.costCeilingDollars }) },
    lost: [...(ending ? ['finish'] : []), ...(skipped.length > 0 ? [`skip ${JSON.stringify({ cells: skipped })}`] : []), ...(changes.length > 0 ? ['retry, with a change'] : [])],
  };
}

function argument(input: Input, at = 0): unknown {
  const payload = input?.payloads?.[at];
  return payload && defaultPayloadConverter.fromPayload(payload);
}
