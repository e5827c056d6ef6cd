import { z } from 'zod';
import { parse } from '#workflows/contracts/parse.ts';
import type { StageWork } from './run-stage.ts';

const OfDataset = z.looseObject({ contextTokens: z.int().positive() });

/** Tokens that no prompt of the dataset with this role may have more of: what its sweep asked for, whatever the file holds. The trainer refuses a longer one. */
export async function contextTokensOf({ inputRecipe }: Pick<StageWork, 'inputRecipe'>, role: string): Promise<number> {
  return parse(OfDataset, (await inputRecipe(role)).params, `the parameters of ${role}`).contextTokens;
}
