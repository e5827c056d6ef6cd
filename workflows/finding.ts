/** Looking up what is finished, for plans of any size. */
import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { FindResult, Sought } from './contracts/requests.ts';
import { POLICIES } from './policies.ts';
import { explained } from './stage.ts';

const { findFinished } = proxyActivities<Activities>(POLICIES.lookup);

/** Stages of one look-up: its answer stays well below the 2 MB that Temporal takes. */
const STAGES_AT_ONCE = 1000;

/** Results of those stages that are finished, by key. */
export async function findAll(sought: readonly Sought[]): Promise<FindResult> {
  const parts = Array.from({ length: Math.ceil(sought.length / STAGES_AT_ONCE) }, (_, part) => sought.slice(part * STAGES_AT_ONCE, (part + 1) * STAGES_AT_ONCE));
  const found = await Promise.all(parts.map((part) => explained(findFinished.executeWithOptions({ summary: `which of ${part.length} stages are finished` }, [part]))));
  return Object.assign({}, ...found) as FindResult;
}
