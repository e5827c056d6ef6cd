import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StageResult } from '#workflows/contracts/artifacts.ts';
import { parse } from '#workflows/contracts/parse.ts';
import type { StageRequest } from '#workflows/contracts/requests.ts';
import { EvaluateSpec } from '#workflows/contracts/spec.ts';
import type { ActivityContext } from '../stage/context.ts';
import { contextTokensOf } from '../stage/context-tokens.ts';
import { Loading, modelRef } from '../stage/loading.ts';
import { runStage } from '../stage/run-stage.ts';
import { runTrainerJob } from '../stage/trainer-job.ts';
import { metricsOf } from './metrics-of.ts';

const Params = z.strictObject({ model: Loading, evaluate: EvaluateSpec });

/** Greedy predictions on the real test split and their F1; without an adapter those of the untuned model. */
export function evaluateModel(context: ActivityContext, { recipe, force }: StageRequest): Promise<StageResult> {
  return runStage(context, 'evaluate', { recipe, force }, async (tools) => {
    const { model, evaluate } = parse(Params, recipe.params, 'the parameters of an evaluate stage');
    const base = await tools.input('base');
    const dataFile = join(await tools.input('test'), 'test.jsonl');
    const adapterDir = await tools.optionalInput('adapter');
    const outcome = await runTrainerJob(context, tools, {
      kind: 'evaluate',
      model: modelRef(model, base),
      adapterDir,
      dataFile,
      maxPromptTokens: await contextTokensOf(tools, 'test'),
      maxNewTokens: evaluate.maxNewTokens,
      maxExamples: null,
    });
    const metrics = await metricsOf(dataFile, join(tools.outputFolder, 'predictions.jsonl'));
    await writeFile(join(tools.outputFolder, 'metrics.json'), `${JSON.stringify(metrics)}\n`);
    return { ...outcome, summary: { examples: metrics.examples, f1: metrics.f1, exactMatch: metrics.exactMatch } };
  });
}
