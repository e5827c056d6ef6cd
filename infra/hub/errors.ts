/** A model on the hub that cannot be had, whatever is tried: the message says what to do. */
export class HubRefused extends Error {
  override readonly name = 'HubRefused';
  readonly nonRetryable = true;
}

/** The hub did not answer as it should; later it may. */
export class HubUnavailable extends Error {
  override readonly name = 'HubUnavailable';
}
