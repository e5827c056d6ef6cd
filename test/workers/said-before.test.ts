/** What people have said to a sweep, read from its history. */
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { isAnythingSaid, saidIn, saidText } from '#workers/said-before.ts';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type Event = NonNullable<History['events']>[number];

const payloads = (...values: unknown[]) => ({ payloads: values.map((value) => defaultPayloadConverter.toPayload(value)) });
const started = (...args: unknown[]): Event => ({ workflowExecutionStartedEventAttributes: { input: payloads(...args) } });
const updated = (name: string, ...args: unknown[]): Event => ({ workflowExecutionUpdateAcceptedEventAttributes: { acceptedRequest: { input: { name, args: payloads(...args) } } } });
const admitted = (name: string, ...args: unknown[]): Event => ({ workflowExecutionUpdateAdmittedEventAttributes: { request: { input: { name, args: payloads(...args) } } } });
const signaled = (signalName: string, ...args: unknown[]): Event => ({ workflowExecutionSignaledEventAttributes: { signalName, input: payloads(...args) } });
const of = (...events: Event[]) => saidIn({ events: [...events] } as History);

const NOTHING = { paused: false, priorities: {} };

describe('what was said to a sweep', () => {
  it('is nothing as a rule', () => {
    expect(of(started({ name: 'x' }), signaled('stageEvents', []), updated('retry'))).toEqual({ said: NOTHING, lost: [] });
    expect(isAnythingSaid(NOTHING)).toBe(false);
  });

  it('is what was said last', () => {
    const { said, lost } = of(
      started({ name: 'x' }),
      updated('pause'),
      updated('resume'),
      updated('setConcurrency', { cells: 4 }),
      updated('setConcurrency', { cells: null }),
      updated('setPriority', { priority: 1, cells: ['a'] }),
      updated('setPriority', { priority: 4 }),
      admitted('setPriority', { priority: 2, cells: ['b'] }),
      updated('setCostCeiling', 30),
    );
    expect({ said, lost }).toEqual({ said: { paused: false, concurrency: null, priority: 4, priorities: { b: 2 }, costCeilingDollars: 30 }, lost: [] });
    expect(isAnythingSaid(said)).toBe(true);
    expect(saidText(said)).toBe('concurrency of all, priority 4, priority 2 for b, a cost ceiling of 30 dollars');
  });

  it('names what was about how things stood', () => {
    expect(of(started({ name: 'x' }), updated('pause'), updated('skip', { cells: ['a'] }), signaled('skip'), signaled('retry'), signaled('retry', { run: { timeoutHours: 5 } }), updated('finish'))).toEqual({
      said: NOTHING,
      lost: ['skip {"cells":["a"]}', 'skip', 'retry {"run":{"timeoutHours":5}}', 'finish'],
    });
  });

  it('begins with what the run itself was handed, whoever wrote that', () => {
    const carried = { run: 2, said: { paused: true, onFailure: 'park', ending: false, concurrency: 3 }, priorities: { a: 1 }, llm: { ledger: 'l', costCeilingDollars: 9 }, changes: [{}], units: { a: { begun: true }, b: { status: 'skipped' } } };
    expect(of(started({ name: 'x' }, carried), updated('setConcurrency', { cells: 2 }))).toEqual({ said: { paused: true, concurrency: 2, priorities: { a: 1 }, costCeilingDollars: 9 }, lost: ['skip {"cells":["b"]}', 'retry, with a change'] });
    expect(of(started({ name: 'x' }, { saidBefore: { paused: true, priorities: {} } }))).toEqual({ said: { paused: true, priorities: {} }, lost: [] });
    expect(of(started({ name: 'x' }, { of: 'other code' }))).toEqual({ said: NOTHING, lost: [] });
  });
});
