/** Parameters of a writing stage, as `writeRecipe` gives them (workflows/plan/recipes.ts). */
import { z } from 'zod';
import type { ChatParameters } from '#infra/llm/index.ts';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { Task } from '#workflows/contracts/experiment.ts';
import { parse } from '#workflows/contracts/parse.ts';
import { OpenAiWriter } from '#workflows/contracts/spec.ts';
import { Expression, Written } from '#workflows/contracts/writing.ts';
import type { WritingRequest } from './item.ts';

const Params = z.strictObject({
  task: Task,
  what: Written,
  expression: Expression,
  passages: z.int().positive().default(0),
  lowFacts: OpenAiWriter.shape.lowFacts,
  attempts: z.int().min(1),
  writer: z.discriminatedUnion('provider', [
    z.strictObject({ provider: z.literal('offline') }),
    OpenAiWriter.pick({ provider: true, model: true, temperature: true, maxTokens: true, extra: true }),
  ]),
});
export type WritingParams = z.output<typeof Params>;

type LlmWriter = Extract<WritingParams['writer'], { provider: 'openai' }>;

/** What a writer's requests say beside their messages. */
export function parametersOf({ temperature, maxTokens, extra }: LlmWriter): ChatParameters {
  return { temperature, maxTokens, ...(extra && { extra }) };
}

/** @throws InvalidInput naming the parameter */
export function writingParams(recipe: Recipe): WritingParams {
  return parse(Params, recipe.params, 'the parameters of a writing stage');
}

/** What is to be written, from the source rows and, where passages were ranked, their ranking. */
export function requestOf({ task, what, expression, passages, lowFacts }: WritingParams, folders: Pick<WritingRequest, 'sourceDir' | 'rankingDir'>, seed: number): WritingRequest {
  return { task, what, expression, passages, lowFacts, ...folders, seed };
}
