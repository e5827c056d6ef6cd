import { Context, log } from '@temporalio/activity';
import type { StageAdvance, StageNews } from '#workflows/contracts/progress.ts';

/**
 * Each piece of news is kept in a history: so many seconds, and such a share of the work, lie between two. The first one, after `firstSeconds`, tells that a
 * worker is at it; of work that is over before, there is none.
 */
export const NEWS = { firstSeconds: 1.5, seconds: 30, share: 0.1 } as const;

/** Picks from a running stage's progress what its workflow is told. */
export class NewsDesk {
  readonly #send: (advance: StageAdvance) => void;
  readonly #seconds: number;
  readonly #now: () => number;
  #last: { at: number; phase: string; done: number; measured: boolean };

  constructor(send: (advance: StageAdvance) => void, seconds: number = NEWS.seconds, now: () => number = Date.now) {
    this.#send = send;
    this.#seconds = seconds;
    this.#now = now;
    this.#last = { at: now(), phase: '', done: 0, measured: false };
  }

  offer(advance: StageAdvance): void {
    const { phase, done, total } = advance;
    const { at, phase: lastPhase, done: lastDone, measured: wasMeasured } = this.#last;
    const isNew = phase !== lastPhase;
    const measured = Object.keys(advance.metrics).length > 0 || (wasMeasured && !isNew);
    const wait = lastPhase === '' ? Math.min(NEWS.firstSeconds, this.#seconds) : this.#seconds;
    if (this.#now() - at < wait * 1000) return;
    // The first loss is not kept back: a tenth of a training may take hours.
    if (!isNew && measured === wasMeasured && done - lastDone < NEWS.share * total) return;
    this.#last = { at: this.#now(), phase, done, measured };
    this.#send(advance);
  }
}

/** Tells the workflow of the current activity how far the stage with this key is. News that get lost are no loss: others follow. */
export function workflowTeller(key: string): (advance: StageAdvance) => void {
  const context = Context.current();
  const { workflowExecution } = context.info;
  const tell = async (advance: StageAdvance): Promise<void> => {
    if (workflowExecution === undefined) return;
    const news: StageNews = { key, advance };
    await context.client.workflow.getHandle(workflowExecution.workflowId, workflowExecution.runId).signal('stageNews', news);
  };
  // Told of by a timer, too, where nobody would catch what is thrown.
  return (advance) => void tell(advance).catch((error: unknown) => log.debug(`the workflow was not told of progress: ${error}`));
}
