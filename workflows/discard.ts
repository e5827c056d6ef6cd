import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { ArtifactRef } from './contracts/artifacts.ts';
import { POLICIES } from './policies.ts';

const { discardArtifact } = proxyActivities<Activities>(POLICIES.lookup);

/**
 * Deletes one artifact (`{"stage": …, "key": …}`), for instance a corrupt one. Starting its sweep again makes it anew;
 * artifacts made from it keep their keys and stay.
 */
export async function discard(ref: ArtifactRef): Promise<void> {
  await discardArtifact(ref);
}
