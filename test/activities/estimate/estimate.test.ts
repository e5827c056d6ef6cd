import { describe, expect, it } from 'vitest';
import { estimateWriting, forwardOperations, gpuHours, pretrainingHours } from '#activities/estimate/index.ts';
import { type ChatRequest, NotCached } from '#infra/llm/index.ts';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import { PretrainedBase } from '#workflows/contracts/spec.ts';
import { smallSpec } from '../../support/spec.ts';
import { emptyFolder } from '../dataset/support.ts';
import { smallSource } from '../write/support.ts';

const LLAMA = { parameters: 8.03e9, layers: 32, hiddenSize: 4096 };

describe('GPU hours', () => {
  const { tasks, train, mask, patch } = parseSweepSpec(smallSpec({ tasks: [{ ...smallSpec().tasks[0]!, contextTokens: 32_768, examples: { total: 1400, validationShare: 0.1, test: 200 } }], mask: { k: [10, 20], randomDraws: 3 }, patch: { randomDraws: 2, examples: 50 } }));
  const stage = (stage: Recipe['stage']): Recipe => ({ stage, version: 1, params: {}, inputs: {}, seed: 0 });

  it('count two operations per weight and token, and attention over what came before', () => {
    expect(forwardOperations({ parameters: 10, layers: 0, hiddenSize: 0 }, 100)).toBe(2000);
    // 4 per pair of tokens and unit of width (scores and sums), over half of all pairs.
    expect(forwardOperations({ parameters: 0, layers: 1, hiddenSize: 8 }, 100)).toBe((4 * 8 * 100 * 100) / 2);
  });

  it('of pretraining are three forward passes a step, of its copying too', () => {
    const pass = forwardOperations(LLAMA, 512) / 400e12 / 3600;
    const base = PretrainedBase.parse({ kind: 'pretrain', corpus: 'mdqa', contextTokens: 512, steps: 300, tokensPerStep: 2048, copyingSteps: 100 });
    expect(pretrainingHours(base, LLAMA)).toBeCloseTo(3 * 300 * 4 * pass, 9);
    expect(pretrainingHours({ ...base, seededInduction: true }, LLAMA)).toBeCloseTo(3 * 400 * 4 * pass, 9);
  });

  it('are those of the stages that are yet to be done', () => {
    const hours = (stages: Record<string, Recipe>, done: string[] = []) => gpuHours(stages, tasks[0]!, { train, ...(mask && { mask }), ...(patch && { patch }) }, LLAMA, (recipe) => done.includes(recipe.stage));
    const pass = forwardOperations(LLAMA, 32_768) / 400e12 / 3600;
    expect(hours({ train: stage('train') })).toBeCloseTo(3 * 1260 * pass, 9);
    expect(hours({ evaluate: stage('evaluate'), score: stage('score') })).toBeCloseTo((200 + 140) * pass, 9);
    expect(hours({ mask: stage('mask') })).toBeCloseTo((1 + 2 * 4) * 200 * pass, 9);
    expect(hours({ patch: stage('patch') })).toBeCloseTo(6 * 50 * pass, 9);
    expect(hours({ train: stage('train'), mask: stage('mask') }, ['train', 'mask'])).toBe(0);
    // One cell of the paper takes hours, not minutes or weeks.
    expect(hours({ train: stage('train') })).toBeGreaterThan(1);
    expect(hours({ train: stage('train') })).toBeLessThan(10);
  });
});

describe('an estimate of what texts take', () => {
  const writer = { provider: 'openai' as const, model: 'gpt-4o-mini', temperature: 1, maxTokens: 512 };
  const estimate = async (given: typeof writer | { provider: 'offline' }, cached: Parameters<typeof estimateWriting>[3] = null, use: Parameters<typeof estimateWriting>[2] = { mode: 'online' }) => {
    const sourceDir = await emptyFolder();
    await smallSource('musique', sourceDir);
    return estimateWriting({ task: 'musique', what: 'needles', expression: 'high', sourceDir, passages: 0, lowFacts: 'A.3', seed: 0 }, { writer: given, attempts: 3 }, use, cached);
  };

  it('counts a call for each text, at the model’s price, and half of it in batches', async () => {
    const online = await estimate(writer);
    expect(online).toMatchObject({ calls: 24, cached: 0 });
    expect(online.dollars).toBeCloseTo((online.promptTokens * 0.15 + online.completionTokens * 0.6) / 1e6, 12);
    expect((await estimate(writer, null, { mode: 'batch' })).dollars).toBeCloseTo(online.dollars! / 2, 12);
    expect((await estimate(writer, null, { mode: 'online', price: { input: 1, output: 1 } })).dollars).toBeCloseTo((online.promptTokens + online.completionTokens) / 1e6, 12);
  });

  it('counts nothing for templates, and no dollars where the price is not known', async () => {
    expect(await estimate({ provider: 'offline' })).toEqual({ calls: 0, cached: 0, promptTokens: 0, completionTokens: 0, dollars: 0 });
    expect((await estimate({ ...writer, model: 'someone/else' })).dollars).toBeNull();
  });

  it('pays nothing for replies in the cache, and follows them: one that does not fit is asked for again', async () => {
    const cached = {
      ask: (request: ChatRequest) => {
        const fits = request.messages[0]!.content.includes('country');
        if (!fits || request.attempt > 0) return Promise.reject(new NotCached({ ...request, messages: [] }));
        return Promise.resolve({ reply: { text: 'nothing of the kind', finishReason: 'stop', refusal: null, usage: { promptTokens: 1, completionTokens: 1 } }, paid: false });
      },
    };
    const found = await estimate(writer, cached);
    // The 8 first hops were answered unfit, so they are asked once more.
    expect(found).toMatchObject({ calls: 32, cached: 8 });
    expect(found.promptTokens).toBe((await estimate(writer)).promptTokens);
  });
});
