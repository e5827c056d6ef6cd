import { parseRemoteUrl } from '#infra/downloads/remote-url.ts';
import { HubRefused } from './errors.ts';

const PUBLIC = 'https://huggingface.co';

/** Where the hub is, and who asks. */
export interface HubAccess {
  /** URL that paths are put behind, without a slash at its end. */
  endpoint: string;
  /** The header that says who asks: for this endpoint's host alone. */
  authorization: string | undefined;
}

/** The hub as the environment says: HF_ENDPOINT (by default the public one) and HF_TOKEN. Throws `HubRefused`; the token is in no message. */
export function hubAccess(env: NodeJS.ProcessEnv): HubAccess {
  const endpoint = (env.HF_ENDPOINT || PUBLIC).replace(/\/+$/, '');
  // Refuses what a token must not be sent to.
  const remote = URL.canParse(endpoint) ? parseRemoteUrl(endpoint) : null;
  if (remote?.kind !== 'http') throw new HubRefused('HF_ENDPOINT: found no URL of a hub, allowed: https://host');
  const token = env.HF_TOKEN?.trim();
  // `fetch` would quote a header that it cannot send.
  if (token && !/^[\x21-\x7e]+$/.test(token)) throw new HubRefused('HF_TOKEN: found characters that no token has, allowed: one line of printable ASCII without spaces');
  return { endpoint, authorization: token ? `Bearer ${token}` : undefined };
}
