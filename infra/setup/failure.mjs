/** A step of the set-up that failed, in words for the person at the terminal. */
export class SetupFailure extends Error {
  /**
   * @param {string} message what failed
   * @param {{ advice: string, log?: string, tail?: string }} details what to do, and where to read more
   */
  constructor(message, { advice, log, tail }) {
    super(message);
    this.advice = advice;
    this.log = log;
    this.tail = tail;
  }
}

/** A step that could not begin because another one, already reported, failed. */
export class Blocked extends Error {}
