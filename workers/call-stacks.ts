import { setFlagsFromString } from 'node:v8';

/** What V8 keeps as a rule. */
const USUAL_FRAMES = 10;

/**
 * Runs `create` so that the JavaScript contexts made in it keep no call stacks. Temporal's SDK takes the stack of every promise of a
 * workflow for the UI's tab *Call Stack*; that is half of the time that the replay of a sweep of 2,000 cells takes, which must not
 * outlast a workflow task. Messages of failures are as they were.
 */
export async function withoutCallStacks<T>(create: () => Promise<T>): Promise<T> {
  setFlagsFromString('--stack-trace-limit=0');
  try {
    return await create();
  } finally {
    setFlagsFromString(`--stack-trace-limit=${USUAL_FRAMES}`);
  }
}
