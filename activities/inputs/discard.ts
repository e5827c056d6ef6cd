import { ArtifactRef } from '#workflows/contracts/artifacts.ts';
import { parse } from '#workflows/contracts/parse.ts';
import type { ActivityContext } from '../stage/context.ts';
import { toFailure } from '../stage/failures.ts';

/** Deletes an artifact, and what was kept of its making, so that the next sweep that needs it makes it anew. */
export async function discardArtifact({ store, checkpoints }: ActivityContext, given: ArtifactRef): Promise<void> {
  try {
    const { stage, key } = parse(ArtifactRef, given, 'the reference of an artifact');
    await store.discard({ kind: stage, key });
    await checkpoints.discard({ kind: stage, key });
  } catch (error) {
    throw toFailure(error);
  }
}
