import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StageResult } from '#workflows/contracts/artifacts.ts';
import { parse } from '#workflows/contracts/parse.ts';
import type { StageRequest } from '#workflows/contracts/requests.ts';
import { HeadScores } from '#workflows/contracts/results.ts';
import { EvaluateSpec, ScoreSpec } from '#workflows/contracts/spec.ts';
import { TensorsUnreadable } from '#infra/tensors/safetensors.ts';
import { retrievalHeads } from '../analysis/index.ts';
import { metricsOf } from '../evaluate/metrics-of.ts';
import type { ActivityContext } from '../stage/context.ts';
import { contextTokensOf } from '../stage/context-tokens.ts';
import { Loading, modelRef } from '../stage/loading.ts';
import { runStage } from '../stage/run-stage.ts';
import { runTrainerJob } from '../stage/trainer-job.ts';
import { readHeadExamples } from './head-examples.ts';

const Params = z.strictObject({ model: Loading, evaluate: EvaluateSpec, score: ScoreSpec });

/** Retrieval and insight scores (Eq. 1, Eq. 2) of a tuned model on its own validation split (paper, section 4.1 and C.1). */
export function scoreHeads(context: ActivityContext, { recipe, force }: StageRequest): Promise<StageResult> {
  return runStage(context, 'score', { recipe, force }, async (tools) => {
    const { model, evaluate, score } = parse(Params, recipe.params, 'the parameters of a score stage');
    const base = await tools.input('base');
    const dataFile = join(await tools.input('dataset'), 'validation.jsonl');
    const adapterDir = await tools.input('adapter');
    const outcome = await runTrainerJob(context, tools, {
      kind: 'score',
      model: modelRef(model, base),
      adapterDir,
      dataFile,
      maxPromptTokens: await contextTokensOf(tools, 'dataset'),
      maxNewTokens: evaluate.maxNewTokens,
      maxExamples: null,
      score,
    });
    const file = join(tools.outputFolder, 'scores.json');
    const single = await readHeadExamples(join(tools.outputFolder, 'examples.safetensors'));
    // With the true answer forced upon it, a model's choices are no answers of its own.
    const f1 = score.decode === 'greedy' ? (await metricsOf(dataFile, join(tools.outputFolder, 'predictions.jsonl'))).f1 : null;
    const scores = parse(HeadScores, { ...JSON.parse(await readFile(file, 'utf8')), f1 }, 'scores.json');
    if (single.layers !== scores.layers || single.heads !== scores.heads || single.counted.filter(Boolean).length !== scores.examples) {
      throw new TensorsUnreadable(`examples.safetensors: found ${single.layers} layers, ${single.heads} heads and ${single.counted.filter(Boolean).length} counted examples; allowed: ${scores.layers}, ${scores.heads} and ${scores.examples}, as in scores.json`);
    }
    await writeFile(file, `${JSON.stringify(scores)}\n`);
    return {
      ...outcome,
      summary: {
        examples: scores.examples,
        examplesWithoutAnswerSpan: outcome.summary.examplesWithoutAnswerSpan ?? null,
        ownF1: scores.f1,
        retrievalHeads: retrievalHeads(scores.retrieval).length,
        insightHeads: retrievalHeads(scores.insight).length,
        allHeads: scores.layers * scores.heads,
      },
    };
  });
}
