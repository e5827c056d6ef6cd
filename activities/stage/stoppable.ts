import type { StageWork } from './run-stage.ts';

/**
 * Progress of work that knows of no signal: once the stage is cancelled, or its worker stops, telling of progress throws, which ends the
 * work. Not for what is told by events of a process or a stream, where nobody would catch it.
 */
export function stoppable({ progress, signal }: Pick<StageWork, 'progress' | 'signal'>): StageWork['progress'] {
  return (at) => {
    signal.throwIfAborted();
    progress(at);
  };
}
