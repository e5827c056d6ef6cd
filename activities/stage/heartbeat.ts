import { Context } from '@temporalio/activity';

/** Heartbeat details of running work, as the UI and the terminal show them. */
export interface StageProgress {
  phase: string;
  done: number;
  total: number;
  unit: string;
  metrics?: Record<string, number | string | boolean | null>;
}

/** Heartbeats go on at this interval while nothing changes, so that a worker's death is noticed. */
const HEARTBEAT_MS = 2_000;

/** Runs `work` under heartbeats that show the progress it last reported. */
export async function underHeartbeats<T>(first: StageProgress, work: (report: (progress: StageProgress) => void) => Promise<T>): Promise<T> {
  const activity = Context.current();
  let current = first;
  const beat = () => activity.heartbeat(current);
  beat();
  const timer = setInterval(beat, HEARTBEAT_MS);
  try {
    return await work((progress) => {
      current = progress;
      beat();
    });
  } finally {
    clearInterval(timer);
  }
}
