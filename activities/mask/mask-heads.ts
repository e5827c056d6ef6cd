import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StageResult } from '#workflows/contracts/artifacts.ts';
import { Task } from '#workflows/contracts/experiment.ts';
import { parse } from '#workflows/contracts/parse.ts';
import type { StageRequest } from '#workflows/contracts/requests.ts';
import { HeadScores, Masking } from '#workflows/contracts/results.ts';
import { EvaluateSpec, MaskSpec } from '#workflows/contracts/spec.ts';
import { scoreKind } from '../analysis/index.ts';
import { answerWithHeadSets } from '../evaluate/with-head-sets.ts';
import type { ActivityContext } from '../stage/context.ts';
import { contextTokensOf } from '../stage/context-tokens.ts';
import { Loading, modelRef } from '../stage/loading.ts';
import { runStage } from '../stage/run-stage.ts';
import { headSets } from './head-sets.ts';

const Params = z.strictObject({ task: Task, model: Loading, evaluate: EvaluateSpec, mask: MaskSpec });

/** F1 on the real test split with the top-k retrieval heads silenced, and with k random ones (paper, Figure 3). */
export function maskHeads(context: ActivityContext, { recipe, force }: StageRequest): Promise<StageResult> {
  return runStage(context, 'mask', { recipe, force }, async (tools) => {
    const { task, model, evaluate, mask } = parse(Params, recipe.params, 'the parameters of a mask stage');
    const base = await tools.input('base');
    const adapterDir = await tools.input('adapter');
    const dataFile = join(await tools.input('test'), 'test.jsonl');
    const scores = parse(HeadScores, JSON.parse(await readFile(join(await tools.input('scores'), 'scores.json'), 'utf8')), 'scores.json');
    const { sets, skipped } = headSets(scores[scoreKind(task)], mask, recipe.seed);
    const job = { kind: 'mask' as const, model: modelRef(model, base), adapterDir, dataFile, maxPromptTokens: await contextTokensOf(tools, 'test'), maxNewTokens: evaluate.maxNewTokens, maxExamples: mask.examples ?? null, mode: mask.mode };
    const { outcome, examples, plainF1, sets: answered } = await answerWithHeadSets(context, tools, job, sets, 'unmasked');
    const masking: Masking = parse(Masking, { examples, unmaskedF1: plainF1, skipped, sets: answered }, 'masking.json');
    await writeFile(join(tools.outputFolder, 'masking.json'), `${JSON.stringify(masking)}\n`);
    return { ...outcome, summary: { examples: masking.examples, sets: sets.length, skipped: skipped.length, unmaskedF1: masking.unmaskedF1 } };
  });
}
