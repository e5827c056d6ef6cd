import { STATUS_CODES } from 'node:http';
import { DownloadRefused, TryAgain } from './errors.ts';
import { type FileFacts, isPassing, type Opened, type OpenRequest, totalOfRange } from './remote.ts';
import { redirectTarget } from './remote-url.ts';

const MOST_REDIRECTS = 10;

/** Opens a file by HTTP. Redirects are followed; the URL's query and the redirects' URLs are in no message. `authorization`: see `follow`. */
export async function openHttp(url: URL, { unlessEtag, rest, signal }: OpenRequest, authorization?: string): Promise<Opened> {
  const asked = {
    // The bytes as they lie there: what the SHA-256 is of, and what ranges count.
    'accept-encoding': 'identity',
    ...(unlessEtag !== undefined && { 'if-none-match': unlessEtag }),
    ...(rest !== undefined && { range: `bytes=${rest.from}-`, 'if-range': rest.validator }),
  };
  const response = await follow(url, asked, signal, authorization);
  const { status, headers } = response;
  if (status === 200) return { kind: 'whole', facts: factsOf(headers, sizeOf(headers)), body: bytesOf(response) };
  if (status === 206 && rest !== undefined) {
    const total = totalOfRange(headers.get('content-range'), rest.from);
    if (total !== undefined) return { kind: 'rest', facts: factsOf(headers, total), body: bytesOf(response) };
  }
  await response.body?.cancel();
  if (status === 304 && unlessEtag !== undefined) return { kind: 'unchanged' };
  if ((status === 206 || status === 416) && rest !== undefined) return { kind: 'no rest' };
  const found = `status ${status} (${STATUS_CODES[status] ?? 'unknown'})`;
  if (isPassing(status)) throw new TryAgain(found, secondsOf(headers.get('retry-after')) * 1000);
  throw new DownloadRefused(`${url.origin}${url.pathname}: found ${found}, allowed: a file that can be read ${authorization === undefined ? 'without credentials' : 'with the credentials at hand'}`, status);
}

/**
 * The answer at the end of all redirects. The header `authorization` goes to the start's own origin only, and no more once a
 * redirect has led away from it.
 */
export async function follow(start: URL, asked: Record<string, string>, signal: AbortSignal, authorization?: string): Promise<Response> {
  let url = start;
  let headers = authorization === undefined ? asked : { ...asked, authorization };
  for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
    const response = await fetch(url, { headers, redirect: 'manual', signal });
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.body?.cancel();
    url = redirectTarget(url, location);
    if (url.origin !== start.origin) headers = asked;
  }
  throw new DownloadRefused(`${start.origin}${start.pathname}: found more than ${MOST_REDIRECTS} redirects, allowed: a file`);
}

function factsOf(headers: Headers, total: number | null): FileFacts {
  const etag = headers.get('etag');
  // What was sent encoded was decoded by `fetch`: neither its size nor its ranges are those of what arrives.
  if (isEncoded(headers)) return { etag, validator: null, total: null };
  return { etag, validator: etag !== null && !etag.startsWith('W/') ? etag : strongDate(headers), total };
}

/** The time of the last change, unless it is so recent that another change may have the same (RFC 9110, section 8.8.2.2). */
function strongDate(headers: Headers): string | null {
  const changed = headers.get('last-modified');
  const seconds = (Date.parse(headers.get('date') ?? '') - Date.parse(changed ?? '')) / 1000;
  return seconds >= 60 ? changed : null;
}

function isEncoded(headers: Headers): boolean {
  return (headers.get('content-encoding') ?? 'identity').toLowerCase() !== 'identity';
}

function sizeOf(headers: Headers): number | null {
  const text = headers.get('content-length');
  return text === null || !/^\d+$/.test(text) ? null : Number(text);
}

function bytesOf({ body }: Response): AsyncIterable<Uint8Array> {
  return body ?? (async function* () {})();
}

/** Seconds that a `Retry-After` names; 0 where it names none or a date. */
function secondsOf(retryAfter: string | null): number {
  return retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) : 0;
}
