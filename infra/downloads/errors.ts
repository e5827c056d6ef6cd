/** A download that no retry helps: a URL that is not allowed, or a file that is not there or not ours to read. */
export class DownloadRefused extends Error {
  override readonly name = 'DownloadRefused';
  readonly nonRetryable = true;
  /** The status that an HTTP server refused it with. */
  readonly status: number | undefined;
  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

/** A file that was downloaded whole and is not the one that was asked for. */
export class UnexpectedBytes extends Error {
  override readonly name = 'UnexpectedBytes';
  readonly nonRetryable = true;
  constructor(url: string, found: { sha256: string; bytes: number }, allowed: string) {
    super(`${url}: found SHA-256 ${found.sha256} (${found.bytes} bytes), allowed: ${allowed}`);
  }
}

/** A download that failed although it was tried several times; later it may go better, and goes on where it stopped. */
export class DownloadInterrupted extends Error {
  override readonly name = 'DownloadInterrupted';
}

/** One try that failed in a way that another may not. Stays inside this folder. */
export class TryAgain extends Error {
  override readonly name = 'TryAgain';
  /** Milliseconds that the server asked to be left alone for. */
  readonly afterMs: number;
  constructor(message: string, afterMs = 0) {
    super(message);
    this.afterMs = afterMs;
  }
}
