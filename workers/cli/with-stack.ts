import { Client, Connection } from '@temporalio/client';
import type { Home } from '../home.ts';
import { NAMESPACE, runningStack, type Stack, type StackDescription, startStack } from '../stack.ts';

/**
 * Works on this machine's stack: the one that is up already, or else one of its own, which is stopped afterwards. Rejects, too, where a
 * worker of the own one stops by itself, or one of its servers is given up.
 */
export async function withStack<T>(home: Home, work: (client: Client, stack: StackDescription & Partial<Stack>) => Promise<T>): Promise<T> {
  const stack: StackDescription & Partial<Stack> = (await runningStack(home)) ?? (await startStack(home, process.env, (step) => console.log(`starting ${step}`), (text) => console.log(text)));
  try {
    // Stays open until the command ends (main.ts): a request of an interrupted run that is tried again on a closed one ends the process.
    const connection = await Connection.connect({ address: stack.temporalAddress });
    return await Promise.race([work(new Client({ connection, namespace: NAMESPACE }), stack), ...(stack.failed ? [stack.failed] : [])]);
  } finally {
    await stack.stop?.();
  }
}
