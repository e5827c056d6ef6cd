import type { SweepStore } from '#activities/sweeps/rebuild.ts';
import { Documents } from '#infra/artifacts/documents.ts';
import { ArtifactStore } from '#infra/artifacts/store.ts';
import type { Home } from '../home.ts';
import { type Objects, withObjects } from '../objects.ts';

/** Does `work` with the sweeps of the store that this command can reach; Temporal is not asked. */
export function withSweeps<T>(home: Home, env: NodeJS.ProcessEnv, work: (sweeps: SweepStore & Pick<Objects, 'where'>) => Promise<T>): Promise<T> {
  return withObjects(home, env, ({ where, ...objects }) => work({ store: new ArtifactStore({ ...objects, cacheFolder: home.artifactCache }), documents: new Documents(objects), where }));
}
