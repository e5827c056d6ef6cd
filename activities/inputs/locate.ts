import type { ActivityContext } from '../stage/context.ts';

/** URL of the folder that all artifacts lie in, for people to find them. */
export async function locateStore({ store }: ActivityContext): Promise<string> {
  return store.url;
}
