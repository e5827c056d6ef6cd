/**
 * One server per state folder. A file beside the state names the server that uses it and the process that started it,
 * so that a second start is refused while the first lives, and a server left behind by a killed one is ended.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { GRACE_SECONDS } from './guard.ts';
import { commandLineOf, signal } from './processes.ts';

const Claim = z.object({
  server: z.object({ pid: z.int().positive(), command: z.string() }),
  owner: z.object({ pid: z.int().positive(), command: z.string() }),
});
type Claim = z.infer<typeof Claim>;

/** What to do about a claim that was found. Pure; `commandOf` tells a process id's command line, null for none. */
export function judgeClaim(claim: Claim, commandOf: (pid: number) => string | null): 'free' | 'orphan' | 'taken' {
  // Process ids are reused, hence the comparison of command lines.
  if (commandOf(claim.server.pid) !== claim.server.command) return 'free';
  return commandOf(claim.owner.pid) === claim.owner.command ? 'taken' : 'orphan';
}

/**
 * Makes sure that no server of an earlier start uses the state any more.
 * @throws where a living process holds the claim
 */
export async function clearClaim(pidFile: string, what: string): Promise<void> {
  const claim = readClaim(pidFile);
  if (!claim) return;
  const verdict = judgeClaim(claim, commandLineOf);
  if (verdict === 'taken') {
    throw new Error(`${what} runs already (process ${claim.server.pid}, started by process ${claim.owner.pid}): stop that one first, or use another state folder`);
  }
  if (verdict === 'orphan') await end(claim.server);
  rmSync(pidFile, { force: true });
}

/** Notes that a server, started by this process, uses the state. */
export function writeClaim(pidFile: string, serverPid: number): void {
  const claim: Claim = {
    server: { pid: serverPid, command: commandLineOf(serverPid) ?? '' },
    owner: { pid: process.pid, command: commandLineOf(process.pid) ?? '' },
  };
  mkdirSync(dirname(pidFile), { recursive: true });
  writeFileSync(pidFile, `${JSON.stringify(claim)}\n`);
}

export function removeClaim(pidFile: string): void {
  rmSync(pidFile, { force: true });
}

function readClaim(pidFile: string): Claim | null {
  try {
    return Claim.parse(JSON.parse(readFileSync(pidFile, 'utf8')));
  } catch {
    // Absent, or half written by a process that was killed then.
    return null;
  }
}

async function end({ pid, command }: Claim['server']): Promise<void> {
  const gone = async (seconds: number): Promise<boolean> => {
    for (let waited = 0; waited < seconds; waited += 0.05) {
      if (commandLineOf(pid) !== command) return true;
      await sleep(50);
    }
    return false;
  };
  signal(pid, 'SIGTERM');
  if (await gone(GRACE_SECONDS)) return;
  signal(pid, 'SIGKILL');
  if (!(await gone(GRACE_SECONDS))) throw new Error(`process ${pid}, left behind by an earlier start, cannot be ended`);
}
