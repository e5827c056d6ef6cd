/** What the embedded servers have in common: claim the state, start, wait until ready, stop. */
import { setTimeout as sleep } from 'node:timers/promises';
import { clearClaim, removeClaim, writeClaim } from './claim.ts';
import { isFree } from './ports.ts';
import { SETUP_ADVICE, startGuarded } from './guard.ts';

export interface RunningServer {
  pid: number;
  /** Resolves when the server has ended, by itself or not, with how, in words. */
  ended: Promise<string>;
  /** Ends the server and resolves when it is gone; calling it again does no harm. */
  stop(): Promise<void>;
}

/**
 * Both servers are Go programs with little in memory, which they would collect garbage from all the time: rather at five times the
 * memory in use than at twice, up to a bound where memory counts for more.
 */
const COLLECTOR = { GOGC: '400', GOMEMLIMIT: '2GiB' } as const;

export interface ServerPlan {
  /** Name in messages: "The Temporal server". */
  what: string;
  executable: string;
  args: string[];
  /** The server's whole environment, beyond PATH, HOME and TMPDIR: settings of the person's shell must not leak in. */
  env?: Record<string, string>;
  logFile: string;
  pidFile: string;
  host: string;
  /** Ports that the server will listen on. */
  ports: number[];
  /** Whether the server answers; may also throw while it does not yet. */
  ready(): Promise<boolean>;
  /** Seconds until a server that still does not answer counts as failed. */
  patience?: number;
  /** What to do about a server that ended, by what it logged. */
  advice: { pattern: RegExp; advice: string }[];
}

/**
 * Starts a server and waits until it answers.
 * @throws where the state is in use, or the server ends or stays silent: with the end of its log, its path and advice.
 */
export async function startServer(plan: ServerPlan): Promise<RunningServer> {
  const { what, executable, args, env = {}, logFile, pidFile, ready, patience = 60 } = plan;
  await clearClaim(pidFile, what);
  for (const port of plan.ports) {
    // Looked at first: on a taken port another server might answer in the place of ours.
    if (!(await isFree(port, plan.host))) throw new Error(`${what} cannot start, since another program uses port ${port}. What to do: stop that program, or choose another port`);
  }
  const server = await startGuarded({ executable, args, env: { ...inherited(), ...COLLECTOR, ...env }, logFile });
  writeClaim(pidFile, server.pid);
  const stop = async (): Promise<void> => {
    await server.stop();
    removeClaim(pidFile);
  };
  const fail = async (why: string): Promise<never> => {
    await stop();
    throw new Error(explain({ what, why, tail: server.logTail(12), logFile, advice: plan.advice }));
  };

  const deadline = Date.now() + patience * 1000;
  let lastError: unknown = null;
  for (;;) {
    const ended = server.ended();
    if (ended !== null) return fail(`ended while starting (${ended})`);
    try {
      // Looked at once more afterwards: what answered may be another server on the same port.
      if ((await ready()) && server.ended() === null) {
        // Again, since its command line is known for sure only now: a launcher may have stood in its place before.
        writeClaim(pidFile, server.pid);
        return { pid: server.pid, ended: server.exit, stop };
      }
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > deadline) return fail(`did not answer within ${patience} s (${lastError instanceof Error ? lastError.message : 'not ready'})`);
    await sleep(50);
  }
}

/** The message of a server that failed to start. Pure. */
export function explain({ what, why, tail, logFile, advice }: { what: string; why: string; tail: string; logFile: string; advice: ServerPlan['advice'] }): string {
  const found = [...advice, { pattern: /: not found|command not found/, advice: SETUP_ADVICE }].find(({ pattern }) => pattern.test(tail));
  return [`${what} ${why}.`, ...(tail ? [tail.replaceAll(/^/gm, '  | ')] : []), `Log: ${logFile}`, ...(found ? [`What to do: ${found.advice}`] : [])].join('\n');
}

function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
}
