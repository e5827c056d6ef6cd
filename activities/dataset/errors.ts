/** A dataset that cannot be built from this source and these settings. A retry does not help. */
export class DatasetError extends Error {
  override readonly name: string = 'DatasetError';
  readonly nonRetryable = true;
}

/** An example that breaks an invariant: an error of the generator or of its source, never to be trained on. */
export class ExampleError extends DatasetError {
  override readonly name = 'ExampleError';
  constructor(id: string, problem: string) {
    super(`example ${id}: ${problem}`);
  }
}
