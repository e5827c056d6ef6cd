import { Context } from '@temporalio/activity';
import type { ArtifactRef } from '#workflows/contracts/artifacts.ts';
import type { FindResult } from '#workflows/contracts/requests.ts';
import type { ActivityContext } from '../stage/context.ts';
import { toFailure } from '../stage/failures.ts';
import { findStage } from '../stage/run-stage.ts';

/** Requests to the store under way at once. */
const CONCURRENCY = 32;

/** The results of those stages whose artifacts exist already, by key. */
export async function findFinished(context: ActivityContext, refs: readonly ArtifactRef[]): Promise<FindResult> {
  try {
    const found: FindResult = {};
    for (let start = 0; start < refs.length; start += CONCURRENCY) {
      const batch = refs.slice(start, start + CONCURRENCY);
      const results = await Promise.all(batch.map((ref) => findStage(context, ref)));
      for (const result of results) if (result !== null) found[result.ref.key] = result;
      Context.current().heartbeat({ phase: 'looking up artifacts', done: Math.min(start + CONCURRENCY, refs.length), total: refs.length, unit: 'artifacts' });
    }
    return found;
  } catch (error) {
    throw toFailure(error);
  }
}
