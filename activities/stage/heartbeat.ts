import { Context } from '@temporalio/activity';
import { advanceText } from '#workflows/advance-text.ts';
import type { StageAdvance } from '#workflows/contracts/progress.ts';
import { type FailureCounts, failuresBefore } from './failure-counts.ts';
import { Pace } from './pace.ts';

/** How far running work is. */
export interface StageProgress {
  phase: string;
  done: number;
  total: number;
  unit: string;
  metrics?: Record<string, number | string | boolean | null>;
}

/** Heartbeat details, as the UI and the terminal show them: a sentence for people, then its parts. */
export interface HeartbeatDetails extends StageAdvance {
  text: string;
  /** Of earlier attempts, and how often the job was turned down; left out where there were none. */
  failures?: FailureCounts;
}

const FIRST_HEARTBEAT_MS = 1_000;

/** Heartbeats go on at this interval while nothing changes, so that a worker's death is noticed. */
const HEARTBEAT_MS = 2_000;

export interface Watching {
  pace?: Pace;
  /** Told of every progress, and of none, with each heartbeat. */
  onAdvance?: (advance: StageAdvance) => void;
}

/** Runs `work` under heartbeats that show the progress it last reported. */
export async function underHeartbeats<T>(first: StageProgress, work: (report: (progress: StageProgress) => void) => Promise<T>, { pace = new Pace(), onAdvance }: Watching = {}): Promise<T> {
  const activity = Context.current();
  const before = failuresBefore();
  const failures = before.trainer + before.other + before.turnedDown > 0 && { failures: before };
  let current = first;
  const beat = () => {
    const advance = pace.advance(current);
    activity.heartbeat({ text: advanceText(advance), ...advance, ...failures } satisfies HeartbeatDetails);
    onAdvance?.(advance);
  };
  // What is over at once needs none: each is a write of the server's.
  const soon = setTimeout(beat, FIRST_HEARTBEAT_MS);
  const timer = setInterval(beat, HEARTBEAT_MS);
  try {
    return await work((progress) => {
      current = progress;
      beat();
    });
  } finally {
    clearTimeout(soon);
    clearInterval(timer);
  }
}
