import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { ArtifactRef } from './contracts/artifacts.ts';
import { POLICIES } from './policies.ts';
import { explained } from './stage.ts';

const { discardArtifact } = proxyActivities<Activities>(POLICIES.lookup);

/**
 * Deletes one artifact (`{"stage": …, "key": …}`), for instance a corrupt one. Starting its sweep again makes it anew;
 * artifacts made from it keep their keys and stay, unless it comes out with other contents.
 */
export async function discard(ref: ArtifactRef): Promise<void> {
  const what = `${ref?.stage}/${ref?.key}`;
  setCurrentDetails(`Deletes artifact \`${what}\`; whoever needs it makes it anew.`);
  await explained(discardArtifact.executeWithOptions({ summary: `discards ${what}` }, [ref]), `${what} was not discarded: `);
}
