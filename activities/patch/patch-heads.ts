import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StageResult } from '#workflows/contracts/artifacts.ts';
import { Task } from '#workflows/contracts/experiment.ts';
import { parse } from '#workflows/contracts/parse.ts';
import type { StageRequest } from '#workflows/contracts/requests.ts';
import { HeadScores, Patching } from '#workflows/contracts/results.ts';
import { EvaluateSpec, PatchSpec } from '#workflows/contracts/spec.ts';
import { scoreKind } from '../analysis/index.ts';
import { answerWithHeadSets } from '../evaluate/with-head-sets.ts';
import type { ActivityContext } from '../stage/context.ts';
import { contextTokensOf } from '../stage/context-tokens.ts';
import { Loading, modelRef } from '../stage/loading.ts';
import { runStage } from '../stage/run-stage.ts';
import { headSets } from './head-sets.ts';

const Params = z.strictObject({ task: Task, model: Loading, evaluate: EvaluateSpec, patch: PatchSpec });

/** F1 of a synthetic-data model on the real test split with outputs of heads of the real-data model (paper, Table 3). */
export function patchHeads(context: ActivityContext, { recipe, force }: StageRequest): Promise<StageResult> {
  return runStage(context, 'patch', { recipe, force }, async (tools) => {
    const { task, model, evaluate, patch } = parse(Params, recipe.params, 'the parameters of a patch stage');
    const base = await tools.input('base');
    const adapterDir = await tools.input('adapter');
    const realAdapterDir = await tools.input('realAdapter');
    const dataFile = join(await tools.input('test'), 'test.jsonl');
    const scoresOf = async (role: string) => {
      const text = await readFile(join(await tools.input(role), 'scores.json'), 'utf8');
      return parse(HeadScores, JSON.parse(text), `scores.json of ${role}`)[scoreKind(task)];
    };
    const { sets, ...chosen } = headSets(await scoresOf('realScores'), await scoresOf('scores'), patch, recipe.seed);
    const job = { kind: 'patch' as const, model: modelRef(model, base), adapterDir, dataFile, maxPromptTokens: await contextTokensOf(tools, 'test'), maxNewTokens: evaluate.maxNewTokens, maxExamples: patch.examples ?? null, realAdapterDir };
    const { outcome, examples, plainF1, sets: answered } = await answerWithHeadSets(context, tools, job, sets, 'unpatched');
    const patching: Patching = parse(Patching, { examples, unpatchedF1: plainF1, ...chosen, sets: answered }, 'patching.json');
    await writeFile(join(tools.outputFolder, 'patching.json'), `${JSON.stringify(patching)}\n`);
    return { ...outcome, summary: { examples: patching.examples, n: patching.n, sets: sets.length, skipped: patching.skipped.length, unpatchedF1: patching.unpatchedF1 } };
  });
}
