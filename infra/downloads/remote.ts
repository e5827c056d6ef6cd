/** What HTTP and S3 have in common for one who downloads a file. */

export interface OpenRequest {
  /** ETag of a copy that is there already: nothing is sent if the file has it still. */
  unlessEtag?: string;
  /** Asks for the bytes from `from` on, if the file is still the one that `validator` was said of. */
  rest?: { from: number; validator: string };
  /** Ends the request and, until all was read, the body. */
  signal: AbortSignal;
}

/** What a server says of a file. */
export interface FileFacts {
  etag: string | null;
  /** Says, given back with a request for the rest, that the file has not changed in a single byte; null where the server has nothing to say so. */
  validator: string | null;
  /** Size of the whole file in bytes. */
  total: number | null;
}

export type Opened =
  | { kind: 'unchanged' }
  /** The rest that was asked for cannot be had: the whole file is to be asked for. */
  | { kind: 'no rest' }
  | { kind: 'whole' | 'rest'; facts: FileFacts; body: AsyncIterable<Uint8Array> };

/** Asks for a file. Throws `DownloadRefused`, or anything else where another try may go better. */
export type Open = (request: OpenRequest) => Promise<Opened>;

/** Total of a `Content-Range` that starts at `from` (null where it is not told); undefined where the range is another one. */
export function totalOfRange(contentRange: string | null | undefined, from: number): number | null | undefined {
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(contentRange ?? '') ?? [];
  if (first === undefined || Number(first) !== from) return undefined;
  return total === '*' ? null : Number(total);
}

/** Whether a server that answers with this status may answer otherwise a little later. */
export function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}
