/** Small disks for workers: file systems in memory, which only root may mount. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const MEBIBYTE = 2 ** 20;
const FILLER = 'filler';

export interface Disk {
  folder: string;
  /** Takes all room that is left; returns how many bytes that were. */
  fill(): number;
  /** Gives that room back. */
  clear(): void;
  /** Removes all files: the machine was replaced. */
  wipe(): void;
  unmount(): void;
}

/** A disk of a few megabytes at `folder`; null where none can be mounted, which `why` is told. */
export function mountDisk(folder: string, mebibytes: number, why: (reason: string) => void): Disk | null {
  mkdirSync(folder, { recursive: true });
  try {
    if (process.platform !== 'linux') throw new Error(`no tmpfs on ${process.platform}`);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'needlework-chaos', folder], { stdio: 'pipe' });
  } catch (error) {
    why(error instanceof Error ? error.message.trim().split('\n').at(-1)! : String(error));
    return null;
  }
  return {
    folder,
    fill: () => fill(join(folder, FILLER)),
    clear: () => rmSync(join(folder, FILLER), { force: true }),
    wipe: () => wipe(folder),
    unmount: () => void execFileSync('umount', ['-l', folder], { stdio: 'pipe' }),
  };
}

/** Removes what is in a folder. */
export function wipe(folder: string): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true, maxRetries: 5 });
}

function fill(path: string): number {
  const file = openSync(path, 'w');
  let bytes = 0;
  try {
    for (let piece = Buffer.alloc(MEBIBYTE); piece.length > 0; ) {
      try {
        bytes += writeSync(file, piece);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        // Down to the last byte.
        piece = piece.subarray(0, Math.floor(piece.length / 2));
      }
    }
  } finally {
    closeSync(file);
  }
  return bytes;
}
