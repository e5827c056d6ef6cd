/** Keeping an embedded server up: one that ends by itself, or is killed, is started again on the same state and ports. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningServer } from './server.ts';

/**
 * How often a server is started again: what ends one over and over, such as a full disk or damaged state, is for a person to mend.
 * Between two tries in a row lie pauses, each twice as long as the one before.
 */
export const RESTARTS = { most: 5, withinMs: 600_000, pauseMs: 500 } as const;

export interface KeptUp<S extends RunningServer> {
  /** The server as it was started at first; its addresses stay, its process may be another one by now. */
  server: S;
  /** What is the matter while it is down, for people; null while it is up. */
  trouble(): string | null;
  /** Rejects once the server is given up, with how it ended. */
  failed: Promise<never>;
  /** Ends the server, whether it is up or about to be; calling it again does no harm. */
  stop(): Promise<void>;
}

/**
 * Starts a server by `start`, and again whenever it ends before `stop`. `say` is told what happens, in a line for people.
 * @throws what the first `start` throws: only a server that was up is kept up
 */
export async function keepUp<S extends RunningServer>(what: string, start: () => Promise<S>, say: (text: string) => void, { most, withinMs, pauseMs }: { most: number; withinMs: number; pauseMs: number } = RESTARTS): Promise<KeptUp<S>> {
  const server = await start();
  let running: RunningServer = server;
  const stopping = new AbortController();
  const { signal } = stopping;
  const tries: number[] = [];
  let trouble: string | null = null;
  const startAgain = async (how: string): Promise<void> => {
    let why = how;
    for (let pause = pauseMs; !signal.aborted; pause *= 2) {
      const recent = tries.filter((at) => at > Date.now() - withinMs).length;
      if (recent >= most) throw new Error(`${what} was started again ${most} times within ${withinMs / 60_000} minutes, and is given up: ${why}`);
      tries.push(Date.now());
      trouble = `${what} ${why}; it is started again (${recent + 1} of at most ${most} times within ${withinMs / 60_000} minutes)`;
      say(trouble);
      await sleep(pause, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        running = await start();
        trouble = null;
        say(`${what} is up again`);
        return;
      } catch (error) {
        why = `could not be started: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
  };
  const keeping = (async () => {
    while (!signal.aborted) {
      const how = await running.ended;
      if (!signal.aborted) await startAgain(`ended (${how})`);
    }
  })();
  const failed = keeping.then(() => new Promise<never>(() => {}));
  failed.catch(() => {});
  return {
    server,
    trouble: () => trouble,
    failed,
    stop: async () => {
      stopping.abort();
      // First whatever is up, which `keeping` waits for, then what it may have started meanwhile.
      await running.stop();
      await keeping.catch(() => {});
      await running.stop();
    },
  };
}
