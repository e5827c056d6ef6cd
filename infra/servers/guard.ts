/**
 * Runs a server so that it ends with us, even where we are killed: a small shell holds the other end of our pipe and
 * ends the server when the pipe closes. It stands in a process group of its own, so that Ctrl-C in the terminal
 * reaches only us, and we can stop things in order.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';

/** How long a server may take to end before it is killed. */
export const GRACE_SECONDS = 10;

export const SETUP_ADVICE = 'run "npm run setup", which finds or builds the servers, and start by "npm start" or "npx needlework"';

/** fd 0: closes when we end. fd 3: tells us the server's process id. */
const SCRIPT = `
exec 4<&0
"$@" </dev/null 3>&- 4<&- &
server=$!
echo "$server" >&3
exec 3>&-
(
  cat <&4 >/dev/null
  kill -TERM "$server" 2>/dev/null
  sleep ${GRACE_SECONDS}
  kill -KILL "$server" 2>/dev/null
) &
watcher=$!
exec 4<&-
trap '' TERM INT HUP
wait "$server"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"
`;

export interface GuardedServer {
  /** Process id of the server itself. */
  pid: number;
  /** How the server ended, in words; null while it runs. */
  ended(): string | null;
  /** Resolves when it has ended, with the same. */
  exit: Promise<string>;
  /** What the server has logged since it was started, the last `lines` of it. */
  logTail(lines: number): string;
  /** SIGTERM, and SIGKILL after the grace period; resolves when it is gone. Calling it again does no harm. */
  stop(): Promise<void>;
}

/**
 * Starts a program under guard; its output goes to `logFile` (that of the start before is kept as `….previous`).
 * @throws where the program cannot be run at all; a server that runs and then fails shows in `ended()`.
 */
export async function startGuarded({ executable, args, env, logFile }: { executable: string; args: string[]; env: NodeJS.ProcessEnv; logFile: string }): Promise<GuardedServer> {
  if (executable.includes('/') && !existsSync(executable)) throw new Error(`${executable} does not exist: ${SETUP_ADVICE}`);
  mkdirSync(dirname(logFile), { recursive: true });
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.previous`);
  const log = openSync(logFile, 'w', 0o600);
  let child: ChildProcess;
  try {
    child = spawn('/bin/sh', ['-c', SCRIPT, 'needlework-guard', executable, ...args], { stdio: ['pipe', log, log, 'pipe'], detached: true, env });
  } finally {
    closeSync(log);
  }
  let ended: string | null = null;
  const exit = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve((ended ??= error.message)));
    child.once('exit', (code, signal) => resolve((ended ??= signal ? `signal ${signal}` : `exit status ${code}`)));
  });
  // The pipe breaks when the server ends first; `ended` tells that better.
  child.stdin?.on('error', () => {});
  void exit.then(() => child.stdin?.destroy());

  return {
    pid: await readPid(child.stdio[3] as Readable, exit),
    ended: () => ended,
    exit,
    logTail: (lines) => readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n'),
    stop: async () => {
      child.stdin?.destroy();
      await exit;
    },
  };
}

async function readPid(stream: Readable, exit: Promise<unknown>): Promise<number> {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await Promise.race([once(stream, 'end'), exit]);
  stream.destroy();
  const pid = Number(text);
  if (!Number.isInteger(pid) || pid <= 0) throw new Error('the shell that guards a server did not start it');
  return pid;
}
