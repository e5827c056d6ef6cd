/** When a run of a sweep comes to its end, in a workflow whose time the test keeps. */
import { setImmediate } from 'node:timers/promises';
import { beforeEach, expect, test, vi } from 'vitest';
import { RunSpan } from '#workflows/run-span.ts';

/** Wakes what sleeps. */
const sleeping: (() => void)[] = [];
const info = { historyLength: 1, historySize: 1 };

vi.mock('@temporalio/workflow', () => ({
  condition: async (is: () => boolean) => {
    while (!is()) await setImmediate();
  },
  sleep: () => new Promise<void>((wake) => sleeping.push(wake)),
  workflowInfo: () => info,
}));

beforeEach(() => {
  sleeping.length = 0;
  info.historyLength = 1;
});

/** A run that has come to its limit of ten signals; `good`: whether the moment is. */
function spanAtItsEnd(good = () => true) {
  const span = new RunSpan({ events: 1_000, bytes: 1_000, signals: 10, updates: 10 }, 0);
  const state = { over: false };
  for (let signals = 0; signals < 10; signals += 1) span.onSignal();
  void span.over(() => true, good, () => {}).then(() => (state.over = true));
  return { span, state };
}

/** The moment before the end passes, once it has come. */
async function momentPasses(): Promise<void> {
  await vi.waitUntil(() => sleeping.length > 0);
  sleeping.shift()!();
  for (let turns = 0; turns < 20; turns += 1) await setImmediate();
}

test('a run ends after a moment, though cells tell of their stages', async () => {
  const { span, state } = spanAtItsEnd();
  await vi.waitUntil(() => sleeping.length > 0);
  span.onSignal();
  await momentPasses();
  expect(state.over).toBe(true);
});

test('a run does not end while people tell its cells something', async () => {
  const { span, state } = spanAtItsEnd();
  for (let words = 0; words < 3; words += 1) {
    await vi.waitUntil(() => sleeping.length > 0);
    span.onSignal(1);
    await momentPasses();
    expect(state.over).toBe(false);
  }
  await momentPasses();
  expect(state.over).toBe(true);
});

test('a run far beyond its limit waits neither for that nor for a good moment', async () => {
  const { span, state } = spanAtItsEnd(() => false);
  for (let words = 0; words < 4; words += 1) span.onSignal(1);
  await vi.waitUntil(() => sleeping.length > 0);
  span.onSignal(1);
  await momentPasses();
  expect(state.over).toBe(true);
});

test('a run does not end in the task in which an update was answered', async () => {
  const { span, state } = spanAtItsEnd();
  await vi.waitUntil(() => sleeping.length > 0);
  info.historyLength = 2;
  span.onUpdate();
  await momentPasses();
  expect(state.over).toBe(false);
  info.historyLength = 3;
  await momentPasses();
  expect(state.over).toBe(true);
});
