import { readFileSync } from 'node:fs';

/** Ticks of /proc in a second; the same on all Linux machines. */
const TICKS = 100;

/** CPU seconds that a process and its threads have used so far; null where there is no /proc to tell. */
export function cpuSeconds(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the name, which may hold anything: state, …, and as the 12th and 13th user and system time.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return null;
  }
}
