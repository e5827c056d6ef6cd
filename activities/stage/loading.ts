import { z } from 'zod';
import { ModelRef } from '#workflows/contracts/trainer.ts';

/** How a recipe says that the base is to be loaded; the folder comes from its input artifact. */
export const Loading = ModelRef.omit({ path: true });
export type Loading = z.infer<typeof Loading>;

export function modelRef(loading: Loading, path: string): z.infer<typeof ModelRef> {
  return { ...loading, path };
}
