/** Source data that cannot be used as it is: a missing file, a malformed row, too few rows. A retry does not help. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly nonRetryable = true;
}
