import { join } from 'node:path';
import { z } from 'zod';
import type { StageResult } from '#workflows/contracts/artifacts.ts';
import { DataKind, Task } from '#workflows/contracts/experiment.ts';
import { parse } from '#workflows/contracts/parse.ts';
import type { StageRequest } from '#workflows/contracts/requests.ts';
import { PromptSpec, TaskSpec } from '#workflows/contracts/spec.ts';
import type { ActivityContext } from '../stage/context.ts';
import { runStage } from '../stage/run-stage.ts';
import { stoppable } from '../stage/stoppable.ts';
import { buildDataset, type DatasetCounts } from './build.ts';

/** Settings of single conditions; only those of the condition at hand are there. */
const Options = z.object({
  limited: TaskSpec.shape.limited.unwrap().optional(),
  listLength: TaskSpec.shape.listLength.unwrap().optional(),
  dictionaryEntries: TaskSpec.shape.dictionaryEntries.unwrap().optional(),
  highestDocumentNumber: TaskSpec.shape.highestDocumentNumber.unwrap().optional(),
  documents: TaskSpec.shape.documents.unwrap().optional(),
});
const shared = { given: z.literal(true).optional(), own: z.string().optional(), task: Task, contextTokens: z.int().positive(), promptFormat: PromptSpec.shape.format.unwrap().optional() };
const Params = z.discriminatedUnion('splits', [
  z.strictObject({ splits: z.literal('train'), ...shared, condition: DataKind, total: z.int().min(2), validationShare: z.number(), ...Options.shape }),
  z.strictObject({ splits: z.literal('test'), ...shared, condition: z.literal('real'), test: z.int().positive(), highestDocumentNumber: Options.shape.highestDocumentNumber, documents: Options.shape.documents }),
]);

/** Training and validation examples of one condition, or the real test split (paper, section 3.2 and C.1). */
export function synthesizeDataset(context: ActivityContext, { recipe, force }: StageRequest): Promise<StageResult> {
  return runStage(context, 'dataset', { recipe, force }, async ({ input, optionalInput, outputFolder, progress, signal }) => {
    const params = parse(Params, recipe.params, 'the parameters of a dataset stage');
    const [needles, passages] = [await optionalInput('needles'), await optionalInput('passages')];
    const summary = await buildDataset(
      {
        task: params.task,
        condition: params.condition,
        ...(params.given && { given: true }),
        sourceDir: await input('source'),
        rankingDir: (await optionalInput('ranking')) ?? undefined,
        tokenizerFile: join(await input('base'), 'tokenizer.json'),
        contextTokens: params.contextTokens,
        seed: recipe.seed,
        ...(params.promptFormat && { promptFormat: params.promptFormat }),
        examples: countsOf(params),
        options: parse(Options.strip(), params, 'the options of a dataset stage'),
        written: { ...(needles !== null && { needles }), ...(passages !== null && { passages }) },
        outputDir: outputFolder,
      },
      stoppable({ progress, signal }),
    );
    return { summary };
  });
}

function countsOf(params: z.infer<typeof Params>): DatasetCounts {
  if (params.splits === 'test') return { test: params.test };
  const validation = Math.round(params.total * params.validationShare);
  return { train: params.total - validation, validation };
}
