import type { FindResult, Sought } from '#workflows/contracts/requests.ts';
import type { ActivityContext } from '../stage/context.ts';
import { toFailure } from '../stage/failures.ts';
import { underHeartbeats } from '../stage/heartbeat.ts';
import { lookUpAll } from '../stage/look-up.ts';
import { resultOf } from '../stage/run-stage.ts';

/** The results of those stages that are finished, by key: their artifacts exist, from inputs as they are now, and under the label that forces them. One that cannot be read is discarded. */
export async function findFinished({ store }: ActivityContext, sought: readonly Sought[]): Promise<FindResult> {
  try {
    return await underHeartbeats({ phase: 'looking up artifacts', done: 0, total: sought.length, unit: 'artifacts' }, async () => {
      const all = await lookUpAll(store, sought, (error) => store.discardCorrupt(error));
      return Object.fromEntries(
        sought.flatMap(({ stage, key }) => {
          const found = all.get(key);
          return found?.state === 'finished' ? [[key, resultOf({ stage, key }, found.manifest, true)]] : [];
        }),
      );
    });
  } catch (error) {
    throw toFailure(error);
  }
}
