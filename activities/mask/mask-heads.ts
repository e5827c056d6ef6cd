import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StageResult } from '#workflows/contracts/artifacts.ts';
import { Task } from '#workflows/contracts/experiment.ts';
import { parse } from '#workflows/contracts/parse.ts';
import type { StageRequest } from '#workflows/contracts/requests.ts';
import { HeadScores, Masking } from '#workflows/contracts/results.ts';
import { EvaluateSpec, MaskSpec } from '#workflows/contracts/spec.ts';
import { scoreKind } from '../analysis/index.ts';
import { metricsOf } from '../evaluate/metrics-of.ts';
import type { ActivityContext } from '../stage/context.ts';
import { Loading, modelRef } from '../stage/loading.ts';
import { runStage } from '../stage/run-stage.ts';
import { runTrainerJob } from '../stage/trainer-job.ts';
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
    const predictionsFolder = join(tools.outputFolder, 'predictions');
    await mkdir(predictionsFolder);
    const outcome = await runTrainerJob(
      context,
      tools,
      {
        kind: 'mask',
        model: modelRef(model, base),
        adapterDir,
        dataFile,
        maxNewTokens: evaluate.maxNewTokens,
        maxExamples: mask.examples ?? null,
        mode: mask.mode,
        headSets: sets.map(({ id, heads }) => ({ id, heads })),
      },
      predictionsFolder,
    );
    const metrics = async (id: string) => metricsOf(dataFile, join(predictionsFolder, `${id}.jsonl`));
    const unmasked = await metrics('unmasked');
    const masking: Masking = parse(
      Masking,
      { examples: unmasked.examples, unmaskedF1: unmasked.f1, skipped, sets: await Promise.all(sets.map(async (set) => ({ ...set, f1: (await metrics(set.id)).f1 }))) },
      'masking.json',
    );
    await writeFile(join(tools.outputFolder, 'masking.json'), `${JSON.stringify(masking)}\n`);
    return { ...outcome, summary: { examples: masking.examples, sets: sets.length, skipped: skipped.length, unmaskedF1: masking.unmaskedF1 } };
  });
}
