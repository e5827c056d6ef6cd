import type { Stage } from './contracts/artifacts.ts';
import type { StageAdvance } from './contracts/progress.ts';
import { TRAINER_STAGES } from './work-kind.ts';

/** Why a stage runs that had been made already. */
export const MADE_ANEW = 'made anew where its artifact is gone';

/** Between two numbers in Markdown: the Temporal UI sets `312/400` as a fraction. */
export const OF = ' of ';

/** A text of anyone's as one line of Markdown. The Temporal UI sets what stands between two `$` as a formula. */
export function inLine(text: string): string {
  return text.replaceAll('\n', ' ').replace(/[\\`*$<]/g, '\\$&');
}

/** Last lines of details that the Temporal UI shows: it cuts off what a wrapped line takes more. */
export const ROOM_BELOW = ['', '\u00a0', '', '\u00a0'];

/**
 * `train 312/400 steps (78 %), loss 0.41, until about 14:05 UTC`: how far a stage is, as people read it. `of` stands between two
 * numbers: pages that set `312/400` as a fraction are given another one (`OF`).
 */
export function advanceText({ phase, done, total, unit, percent, endsAbout, metrics }: Pick<StageAdvance, 'phase' | 'done' | 'total' | 'unit' | 'percent' | 'endsAbout' | 'metrics'>, of = '/'): string {
  // Of one thing that is to be done, its number says nothing.
  const count = total <= 1 && unit === '' ? '' : ` ${Math.floor(done)}${of}${total}${unit ? ` ${unit}` : ''}`;
  return [
    `${phase}${count}${percent === null ? '' : ` (${Math.floor(percent)} %)`}`,
    ...(typeof metrics.loss === 'number' ? [`loss ${metrics.loss.toFixed(2)}`] : []),
    ...(endsAbout === null ? [] : [`until about ${endsAbout.slice(0, 16).replace('T', ' ')} UTC`]),
  ].join(', ');
}

/** How far a stage is that was asked for. A trainer's job of which nothing has been heard waits for a device, since it tells soon after it begins (activities/stage/news.ts). */
export function stageText(stage: Stage, advance: StageAdvance | null, of = '/'): string {
  if (advance !== null) return advanceText(advance, of);
  return TRAINER_STAGES.includes(stage) ? `${stage}, in the queue` : stage;
}
