import type { ChatRequest } from '../chat.ts';
import { LlmRefused } from '../errors.ts';
import { collectedObject } from '../names.ts';
import { Objects } from '../objects.ts';
import { Accounts } from '../spending/accounts.ts';
import { CostCeilingReached, fits } from '../spending/ceiling.ts';
import { dollarsFor, priceFor } from '../spending/prices.ts';
import { type BatchFile, BATCH_LIMITS, batchFiles, CEILING_LIMITS } from './lines.ts';
import type { BatchOptions } from './options.ts';
import { type RemoteBatch, RemoteBatches } from './remote.ts';

/** Account of a batch that was not collected yet, by the tag of its requests. */
export function claimOf(tag: string): string {
  return `batch-claim-${tag}`;
}

/**
 * Has requests answered by the Batch API, at half the price. Returns the ids of the batches that will, for `collectBatches`,
 * and whether there are `more`, for which there is no room under the ceiling until these are collected.
 * The same requests again give the same batches, as long as these may still answer any: a batch carries a tag of its
 * requests, and is looked for before another is made. Under a ceiling, what they may cost at most is claimed first.
 * @throws CostCeilingReached where there is no room for any, LlmRefused, LlmUnavailable, LlmNotConfigured, PriceUnknown
 */
export async function submitBatches(requests: readonly ChatRequest[], options: BatchOptions): Promise<{ batches: string[]; more: boolean }> {
  const remote = new RemoteBatches(options);
  const files = batchFiles(requests, remote.form, options.limits ?? (options.costCeilingDollars === undefined ? BATCH_LIMITS : CEILING_LIMITS));
  const objects = new Objects(options);
  const find = async (tag: string): Promise<RemoteBatch | null> => usable(tag, await remote.recent(), objects);

  const recent = files.length === 0 ? [] : await recentOf(remote);
  const known = new Map<string, string>();
  for (const { tag } of files) {
    const batch = await usable(tag, recent, objects);
    if (batch !== null) known.set(tag, batch.id);
  }
  const unknown = files.filter(({ tag }) => !known.has(tag));
  const claimed = await claim(unknown, known.size > 0, objects, options);
  const batches = [...known.values()];
  for (const file of claimed) batches.push(await submit(file, remote, () => find(file.tag)));
  return { batches, more: claimed.length < unknown.length };
}

/** @throws LlmRefused that says what to do where there is no Batch API */
async function recentOf(remote: RemoteBatches): Promise<RemoteBatch[]> {
  try {
    return await remote.recent();
  } catch (error) {
    if (!(error instanceof LlmRefused)) throw error;
    throw new LlmRefused(`the endpoint does not let us use its Batch API, if it has one (mode "online" does without): ${error.message}`);
  }
}

/** A batch of just these requests that is pending, or has replies that nobody collected; the first made, of several. */
async function usable(tag: string, recent: readonly RemoteBatch[], objects: Objects): Promise<RemoteBatch | null> {
  // Times of creation are in whole seconds, so the list's own order says which was first.
  for (const batch of recent.filter((candidate) => candidate.tag === tag).toReversed()) {
    if (batch.state === 'pending') return batch;
    if (batch.state === 'ended' && batch.output !== null && (await objects.read(collectedObject(batch.id))) === null) return batch;
  }
  return null;
}

async function submit(file: BatchFile, remote: RemoteBatches, find: () => Promise<RemoteBatch | null>): Promise<string> {
  const made = await remote.create(file, find);
  // Another process may have submitted the same at the same moment: both agree on the one that was made first.
  const first = await find();
  if (first === null || first.id === made.id) return made.id;
  await remote.cancel(made.id);
  return first.id;
}

/** The first of the files that there is room for; at least one, unless `orNone`. */
async function claim(files: readonly BatchFile[], orNone: boolean, objects: Objects, options: BatchOptions): Promise<readonly BatchFile[]> {
  const { costCeilingDollars: ceiling, ledger, remedy } = options;
  const price = priceFor(options);
  if (price === null || files.length === 0) return files;
  const accounts = new Accounts({ objects, ledger });
  const claims = files.map(({ tag, usage }) => ({ account: claimOf(tag), dollars: dollarsFor(usage, price, true) }));
  for (const { account, dollars } of claims) await accounts.writeOnce(account, { claimed: dollars, spent: 0 });
  const total = await accounts.sum();
  if (ceiling === undefined) return files;
  let { claimed } = total;
  let fitting = claims.length;
  while (fitting > 0 && !fits(claimed, ceiling)) claimed -= (claims[(fitting -= 1)] as (typeof claims)[number]).dollars;
  await accounts.remove(claims.slice(fitting).map(({ account }) => account));
  if (fitting === 0 && !orNone) throw new CostCeilingReached({ ledger, ceiling, total: { claimed, spent: total.spent }, next: (claims[0] as (typeof claims)[number]).dollars, remedy });
  return files.slice(0, fitting);
}
