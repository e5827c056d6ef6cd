import { Context } from '@temporalio/activity';
import { parse } from '#workflows/contracts/parse.ts';
import { NoticeRequest } from '#workflows/contracts/requests.ts';
import type { Webhook } from '#workflows/contracts/run.ts';
import { PublicUrl } from '#workflows/contracts/source-file.ts';
import type { ActivityContext } from '../stage/context.ts';
import { hopeless, toFailure } from '../stage/failures.ts';

const TIMEOUT_MS = 15_000;

/**
 * Posts news of a sweep as JSON. A server that is away or refuses with 408, 429 or 5xx is tried again; any other refusal is
 * final. No message says more of the URL than its host: what follows may be secret.
 */
export async function postNotice({ webhookUrl }: ActivityContext, given: NoticeRequest): Promise<void> {
  try {
    const { webhook, notice } = parse(NoticeRequest, given, 'the notice');
    const url = urlOf(webhook, webhookUrl);
    const signal = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), Context.current().cancellationSignal]);
    // Not followed: a redirect could lead anywhere.
    const response = await fetch(url, { method: 'POST', redirect: 'manual', headers: { 'content-type': 'application/json' }, body: JSON.stringify(notice), signal }).catch((error: unknown) => {
      throw new Error(`${url.host} could not be reached: ${error instanceof Error ? causeOf(error) : 'unknown error'}`);
    });
    await response.body?.cancel();
    if (response.ok) return;
    const message = `${url.host} answered with status ${response.status}, allowed: 2xx`;
    if (response.status === 408 || response.status === 429 || response.status >= 500) throw new Error(message);
    throw hopeless('WebhookRefused', message);
  } catch (error) {
    throw toFailure(error);
  }
}

function urlOf(webhook: Webhook, valueOf: ActivityContext['webhookUrl']): URL {
  if ('url' in webhook) return new URL(webhook.url);
  const text = valueOf?.(webhook.variable);
  if (!text) throw hopeless('WebhookMissing', `${webhook.variable}: found nothing in the environment of the worker, allowed: a URL`);
  const url = URL.canParse(text) ? new URL(text) : null;
  const isAllowed = url !== null && url.username === '' && url.password === '' && PublicUrl.safeParse(url.origin).success;
  if (!isAllowed) throw hopeless('WebhookMissing', `${webhook.variable}: found something else, allowed: an https:// URL (http:// for this machine only) without user and password`);
  return url;
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}
