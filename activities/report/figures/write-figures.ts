import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { SweepResults } from '#workflows/contracts/report.ts';
import { drawSheet } from '../charts/draw.ts';
import { FIGURES_FOLDER, figureFile } from './names.ts';
import { fitted, toPng } from './resvg.ts';
import { figureFiles } from './sheets.ts';

/**
 * Writes every figure of a sweep as `figures/NAME.svg` and `figures/NAME.png` into a folder; the same results give the same bytes. `drawn` is
 * told after each, and the process gets to other work in between: a figure takes up to a second.
 */
export async function writeFigures(folder: string, results: SweepResults, drawn: (done: number, total: number) => void = () => {}): Promise<void> {
  const files = figureFiles(results);
  await mkdir(join(folder, FIGURES_FOLDER), { recursive: true });
  for (const [at, { name, sheet }] of files.entries()) {
    const svg = await fitted(await drawSheet(sheet));
    await writeFile(join(folder, figureFile(name, 'svg')), svg);
    await setImmediate();
    await writeFile(join(folder, figureFile(name, 'png')), await toPng(svg));
    await setImmediate();
    drawn(at + 1, files.length);
  }
}
