import { z } from 'zod';
import type { ArtifactStore } from '#infra/artifacts/store.ts';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { Loading } from './loading.ts';

/** What a stage's job works on: a base, and how it is loaded. With another theta or window it is loaded anew. */
const Affinity = z.object({ base: z.string(), model: Loading });

/** The base that the job of a recipe works on, as workers name it to each process; null of stages that need none. */
export function affinityOf({ inputs, params }: Pick<Recipe, 'inputs' | 'params'>): string | null {
  const found = Affinity.safeParse({ base: inputs.base?.key, model: params.model });
  return found.success ? JSON.stringify(found.data) : null;
}

/** Such a base by what a person knows of it: `llama of 8,030,261,248 parameters (1a2b3c4d, theta 500000)`. */
export async function baseNameOf(store: Pick<ArtifactStore, 'find'>, affinity: string): Promise<string> {
  const { base, model } = Affinity.parse(JSON.parse(affinity));
  // A name is all that it is for.
  const summary = (await store.find({ kind: 'base', key: base }).catch(() => null))?.summary ?? {};
  const { modelType, parameters } = summary;
  const what = typeof modelType === 'string' && typeof parameters === 'number' ? `${modelType} of ${parameters.toLocaleString('en')} parameters` : 'a base';
  return `${what} (${base.slice(0, 8)}, ${model.ropeTheta === null ? 'its own theta' : `theta ${model.ropeTheta}`})`;
}
