/** How the webhook of a spec is told. What cannot be told stops nothing. */
import { log, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { Notice } from './contracts/requests.ts';
import type { Webhook } from './contracts/run.ts';
import { POLICIES } from './policies.ts';

const { postNotice } = proxyActivities<Activities>(POLICIES.notice);

export async function post(webhook: Webhook, notice: Notice): Promise<void> {
  try {
    await postNotice.executeWithOptions({ summary: `${notice.sweep}: webhook, ${notice.event}` }, [{ webhook, notice }]);
  } catch (error) {
    log.warn(`the webhook could not be told that ${notice.text}: ${error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : error}`);
  }
}
