/** Whose a journal is: file names that carry a process, and whether that process still lives. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

const EXTENSION = '.jsonl';
const RELEASED = 'released';

/** A new name for a journal of this process. */
export function ownJournalName(): string {
  return `${process.pid}-${startOf(process.pid) ?? 0}-${randomUUID()}${EXTENSION}`;
}

/** A new name for a journal that anyone may take over. */
export function releasedJournalName(): string {
  return `${RELEASED}-${randomUUID()}${EXTENSION}`;
}

/** Whether a file is a journal that no living process writes. Process ids are reused, so the process's start counts too. */
export function isAbandoned(name: string, startedAt: (pid: number) => number | null = startOf): boolean {
  if (!name.endsWith(EXTENSION)) return false;
  if (name.startsWith(`${RELEASED}-`)) return true;
  const owner = /^(\d+)-(\d+)-/.exec(name);
  return owner !== null && startedAt(Number(owner[1])) !== Number(owner[2]);
}

/** When a process of this machine started, in the system's own unit; null where there is no such process. */
function startOf(pid: number): number | null {
  try {
    if (process.platform === 'linux') {
      // The command, in brackets, may hold anything; behind it come the state and, 19 fields on, the start.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? null : Number(fields[19]);
    }
    return Date.parse(execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) || null;
  } catch {
    return null;
  }
}
