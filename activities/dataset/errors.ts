/** A dataset that cannot be built from this source and these settings. A retry does not help. */
export class DatasetError extends Error {
  override readonly name: string = 'DatasetError';
  readonly nonRetryable = true;
}

/** An example that breaks an invariant: an error of the generator or of its source, never to be trained on. */
export class ExampleError extends DatasetError {
  override readonly name = 'ExampleError';
  /** What of the example breaks it: `needles`, `context`, … */
  readonly field: string;
  constructor(id: string, problem: string) {
    super(`example ${id}: ${problem}`);
    this.field = problem.split(':', 1)[0] as string;
  }
}

/** A question that cannot be asked in a condition, since its texts could not be had; it is dropped and counted by this reason. */
export class Unusable extends Error {
  override readonly name = 'Unusable';
}

/** What a context must hold is longer than the context. */
export function tooLong(question: string, contextTokens: number, needed: number): DatasetError {
  return new DatasetError(`contextTokens: found ${contextTokens}, allowed: at least ${needed}, the length of this question with what its context must hold: ${question}`);
}
