/** A job that the process understood and refused or failed. */
export class JobFailed extends Error {
  override readonly name = 'JobFailed';
  /** The process's own name of the failure, such as `PromptTooLong`. */
  readonly type: string;
  readonly retryable: boolean;
  constructor(type: string, message: string, retryable: boolean) {
    super(message);
    this.type = type;
    this.retryable = retryable;
  }
}

/** The process ended, or broke the protocol, while a job ran; a fresh process may do the job. */
export class ProcessCrashed extends Error {
  override readonly name = 'ProcessCrashed';
}
