/**
 * A FIXTURE, not a result: a sweep's artifacts with invented numbers, made by a formula so that the report can be tested and
 * looked at. Nothing here was measured.
 */
import { analyseSweep, type CellFiles, type EvaluateFiles, type InspectedFiles, type SweepFiles } from '#activities/analysis/index.ts';
import { seededRandom } from '#activities/random/seeded.ts';
import type { Stage } from '#workflows/contracts/artifacts.ts';
import type { DatasetCard, Example, Pairing } from '#workflows/contracts/dataset.ts';
import { type Condition, dataOf } from '#workflows/contracts/experiment.ts';
import type { LossPoint, StageFacts, SweepResults } from '#workflows/contracts/report.ts';
import type { HeadScores, Masking, Patching } from '#workflows/contracts/results.ts';
import { SweepSpec } from '#workflows/contracts/spec.ts';

const LAYERS = 4;
const HEADS = 8;
const TEST_QUESTIONS = 120;

const PLACES = ['Selby', 'Norwick', 'Tarn', 'Alden', 'Brovia', 'Corvin', 'Delmar', 'Estar'];
const FIRMS = ['Amber Mill', 'North Dairy', 'Grey Harbour', 'Old Foundry', 'Silver Press', 'Blue Quarry'];

/** Invented strength of each condition: share of test questions answered, share on its own data, size of its scores. */
const STRENGTH: Record<Condition, { f1: number; own: number; scores: number }> = {
  real: { f1: 0.58, own: 0.64, scores: 0.5 },
  limited: { f1: 0.54, own: 0.66, scores: 0.48 },
  'limited-L1': { f1: 0.54, own: 0.66, scores: 0.48 },
  'limited-L2': { f1: 0.53, own: 0.65, scores: 0.47 },
  'limited-L3': { f1: 0.52, own: 0.64, scores: 0.46 },
  'high/high': { f1: 0.52, own: 0.9, scores: 0.45 },
  'high/low': { f1: 0.5, own: 0.88, scores: 0.44 },
  'low/high': { f1: 0.44, own: 0.4, scores: 0.38 },
  'low/low': { f1: 0.4, own: 0.62, scores: 0.33 },
  symbolic: { f1: 0.31, own: 0.27, scores: 0.24 },
};

export function stage(name: Stage, seconds: number | null = null, tokens: number | null = null, status: StageFacts['status'] = 'done'): StageFacts {
  const random = seededRandom('key', name, String(seconds), String(tokens));
  const digits = (length: number) => Array.from({ length }, () => random.int(16).toString(16)).join('');
  return { stage: name, key: digits(64), content: digits(32), status, seconds, tokens, reused: null };
}

/** A prompt with one needle among documents, its spans counted in code points. */
export function example(condition: Condition, at: number, documents = 24): Example {
  const random = seededRandom('example', condition, at);
  const firm = FIRMS[random.int(FIRMS.length)] as string;
  const place = PLACES[random.int(PLACES.length)] as string;
  const needle = condition === 'symbolic' ? `k${at}x9: q7${at}z` : `The headquarters of ${firm} 🏭 are in ${place}, close to the old harbour.`;
  const answer = condition === 'symbolic' ? `q7${at}z` : place;
  const gold = random.int(documents);
  const lines = Array.from({ length: documents }, (_, document) => {
    const text = document === gold ? needle : `${FIRMS[random.int(FIRMS.length)]} opened a second yard in ${1850 + random.int(150)}. It was sold ${random.int(40) + 1} years later, and little is known of it since.`;
    return `Document ${document + 1}: ${text}`;
  });
  const question = condition === 'symbolic' ? `What is the value of k${at}x9?` : `Where are the headquarters of ${firm}?`;
  const before = `The following are given passages.\n${lines.slice(0, gold).map((line) => `${line}\n`).join('')}Document ${gold + 1}: `;
  const prompt = `The following are given passages.\n${lines.join('\n')}\nAnswer the question based on the given passages. Only give me the answer and do not output any other words.\nQuestion: ${question}\nAnswer:`;
  const start = Array.from(before).length;
  const inNeedle = Array.from(needle.slice(0, needle.indexOf(answer))).length;
  return {
    id: `${condition}-${at}`,
    task: 'mdqa',
    condition: dataOf(condition).kind,
    split: 'train',
    prompt,
    answer,
    answers: [answer],
    question,
    needles: [{ start, end: start + Array.from(needle).length }],
    answerSpans: [{ start: start + inNeedle, end: start + inNeedle + Array.from(answer).length }],
    promptTokens: 640 + random.int(300),
  };
}

const WRITTEN: ReadonlySet<Condition> = new Set(['high/high', 'high/low', 'low/high', 'low/low']);

function pairing(condition: Condition): Pairing[] {
  const [expression, diversity] = condition.split('/');
  return Array.from({ length: 300 }, (_, at) => ({ id: `row-${at}`, question: `${expression} ${at}`, needles: `${expression} ${at}`, padding: diversity === 'low' ? 1 : 0 }));
}

function card(condition: Condition): DatasetCard {
  const tokens = { min: 702, mean: 941.4, max: 1024, counts: [1, 0, 2, 4, 9, 20, 40, 70, 90, 34] };
  const needleDepths = [30, 25, 28, 27, 26, 29, 31, 22, 27, 25];
  return {
    task: 'mdqa',
    condition: dataOf(condition).kind,
    splits: { train: { examples: 270, promptTokens: tokens, meanNeedleDepth: 0.49, needleDepths }, validation: { examples: 30, promptTokens: tokens, meanNeedleDepth: 0.52, needleDepths } },
    dropped: condition === 'real' ? { 'answer not in the gold passage': 4, 'longer than the context': 1 } : {},
    generator: 'fixture',
    writing: WRITTEN.has(condition) ? { needles: { writer: 'gpt-fixture', asked: 310, written: 307, calls: 340, estimated: 85, promptTokens: 41_000, completionTokens: 22_000, dollars: 0.02, refused: { 'A.1: without the answer': 30, 'A.1: refused': 3 }, dropped: { 'A.1: refused': 3 } } } : {},
    samples: [0, 1, 2].map((at) => example(condition, at)),
  };
}

function evaluate(by: string, tests: readonly Example[], share: number): EvaluateFiles {
  const random = seededRandom('evaluate', by);
  const perExample: EvaluateFiles['metrics']['perExample'] = [];
  const predictions = tests.map(({ id, answer }) => {
    const right = random.float() < share;
    const f1 = right ? 1 : random.float() < 0.1 ? 0.5 : 0;
    perExample.push({ id, f1, exactMatch: right ? 1 : 0 });
    const text = right ? answer : f1 > 0 ? `${answer} bay` : (PLACES[random.int(PLACES.length)] as string);
    return { id, text, tokenIds: [1, 2], stoppedBy: 'eos' as const };
  });
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { metrics: { examples: tests.length, f1: mean(perExample.map(({ f1 }) => f1)), exactMatch: mean(perExample.map((each) => each.exactMatch)), perExample }, predictions };
}

function scores(condition: Condition, layers: number, heads: number): HeadScores {
  const random = seededRandom('scores', condition);
  const shared = seededRandom('scores');
  const { own, scores: size } = STRENGTH[condition];
  const retrieval = Array.from({ length: layers }, (_, layer) =>
    Array.from({ length: heads }, () => {
      const strong = shared.float() < (layer === 1 ? 0.7 : layer > 1 ? 0.2 : 0);
      return strong && random.float() < 0.85 ? Math.round(size * (0.3 + 0.7 * random.float()) * 1e4) / 1e4 : random.float() < 0.08 ? 0.004 : 0;
    }),
  );
  return { layers, heads, examples: 30, retrieval, insight: retrieval.map((row) => row.map((value) => Math.min(1, value * 1.4))), f1: own };
}

/** Prompts as words behind a `<bos>`; the first heads of layer 1 look at the answer in its needle, others anywhere. */
export function inspected(condition: Condition, layers: number, heads: number, prompts = 2, documents = 24, tokens = 2): InspectedFiles {
  const examples = Array.from({ length: prompts }, (_, row) => {
    const random = seededRandom('inspected', condition, row);
    const one = { ...example(condition, 2000 + row, documents), id: `row-${row}`, split: 'validation' as const };
    const offsets: [number, number][] = [[0, 0]];
    let at = 0;
    for (const [word, bare] of one.prompt.matchAll(/(\S+)\s*/gu)) {
      offsets.push([at, at + Array.from(bare!).length]);
      at += Array.from(word).length;
    }
    const answer = offsets.findIndex(([from, to], token) => token > 0 && from <= one.answerSpans[0]!.start && to > one.answerSpans[0]!.start);
    const written = [` ${one.answer}`, ...Array.from({ length: tokens - 1 }, () => ' bay')];
    const attended = Int32Array.from({ length: written.length * layers * heads }, (_, place) => {
      const [layer, head] = [Math.floor(place / heads) % layers, place % heads];
      return layer === 1 && head < 3 ? answer : random.int(offsets.length);
    });
    return { example: one, tokens: { offsets, special: new Map([[0, '<bos>']]) }, written, attended, counted: true };
  });
  return { examples, leftOut: 30 - prompts };
}

function masking(condition: Condition, f1: number): Masking {
  const random = seededRandom('masking', condition);
  const sets = [2, 4, 8].flatMap((k): Masking['sets'] => [
    { id: `top-${k}`, kind: 'top', k, draw: null, heads: [[1, 0]], f1: f1 * [0.75, 0.35, 0.06][[2, 4, 8].indexOf(k)]! },
    ...Array.from({ length: 5 }, (_, draw) => ({ id: `random-${k}-draw-${draw}`, kind: 'random' as const, k, draw, heads: [[2, draw]] as [number, number][], f1: f1 * (0.99 - k * 0.02 - random.float() * 0.1) })),
  ]);
  return { examples: 60, unmaskedF1: f1, sets, skipped: condition === 'symbolic' ? [{ k: 16, reason: '16 heads were asked for, but only 9 have a positive score' }] : [] };
}

function patching(condition: Condition, f1: number): Patching {
  const random = seededRandom('patching', condition);
  const set = (kind: Patching['sets'][number]['kind'], gain: number, draw: number | null = null) => ({ id: draw === null ? kind : `random-draw-${draw}`, kind, draw, heads: [[1, 0], [2, 3]] as [number, number][], f1: f1 + gain + (random.float() - 0.5) * 0.02 });
  return { examples: TEST_QUESTIONS, unpatchedF1: f1, n: 2, candidates: { complement: 2, intersection: 6 }, sets: [set('complement', 0.04), set('intersection', 0.09), set('random', 0, 0), set('random', -0.02, 1)], skipped: [] };
}

function losses(by: string, steps: number, from: number, to: number): LossPoint[] {
  const random = seededRandom('loss', by);
  return Array.from({ length: steps }, (_, at) => ({ step: at + 1, loss: Math.round((to + (from - to) * Math.exp((-4 * at) / steps) + (random.float() - 0.5) * 0.4) * 1e4) / 1e4 }));
}

export interface FixtureOptions {
  conditions?: Condition[];
  layers?: number;
  heads?: number;
  source?: 'miniature' | 'nq-open';
}

/** The questions of its test split, with their prompts. */
export const testExamples = (): Example[] => Array.from({ length: TEST_QUESTIONS }, (_, at) => ({ ...example('real', 1000 + at), split: 'test' as const }));

/** Contents of all artifacts of an invented sweep. The last condition has failed in training, if there are more than three. */
export function fixtureFiles({ conditions = ['real', 'high/high', 'symbolic'], layers = LAYERS, heads = HEADS, source = 'miniature' }: FixtureOptions = {}): SweepFiles {
  const spec = SweepSpec.parse({
    name: 'fixture',
    description: 'Invented numbers for looking at the report. Nothing on this page was measured.',
    seed: 7,
    tasks: [{ task: 'mdqa', source: source === 'miniature' ? { kind: 'miniature' } : { kind: 'nq-open', questions: 'questions.jsonl' }, contextTokens: 1024, examples: { total: 300, test: TEST_QUESTIONS } }],
    models: [{ model: 'tiny-llama', base: source === 'miniature' ? { kind: 'folder', path: 'base' } : { kind: 'pretrain', corpus: 'mdqa' }, ropeTheta: 80_000 }],
    conditions,
    train: { learningRate: 2e-3, batchSize: 4, accumulationSteps: 1 },
    mask: { k: [2, 4, 8], randomDraws: 5, randomExcludesLayers: [0], examples: 60 },
    patch: { randomDraws: 2 },
  });
  const tests = testExamples();
  const cells = conditions.map((condition, at): CellFiles => {
    const seconds = 60 + at * 3;
    const dataset = stage('dataset', 1.2 + at / 10);
    if (conditions.length > 3 && at === conditions.length - 1) {
      return { condition, status: 'failed', reason: 'train: the trainer ran out of memory at step 12 (exit status 137)', stages: [dataset, stage('train', null, null, 'failed')], card: card(condition), pairing: pairing(condition) };
    }
    const { f1 } = STRENGTH[condition];
    return {
      condition,
      status: 'done',
      reason: null,
      stages: [dataset, stage('train', seconds, 270 * 941), stage('evaluate', 21.4 + at, 120 * 943), stage('score', 9.8 + at, 30 * 940), stage('mask', 44 + at, 16 * 60 * 943), ...(condition === 'real' ? [] : [stage('patch', 31 + at, 5 * 120 * 943)])],
      card: card(condition),
      pairing: pairing(condition),
      steps: losses(condition, 68, 3.2, 0.4),
      evaluate: evaluate(condition, tests, f1),
      scores: scores(condition, layers, heads),
      inspected: inspected(condition, layers, heads),
      masking: masking(condition, f1),
      ...(condition !== 'real' && { patching: patching(condition, f1) }),
    };
  });
  return {
    spec,
    sources: [{ task: 'mdqa', kind: source, status: 'done', stages: [stage('source', 0.4)], rows: { train: 300, test: TEST_QUESTIONS, pool: 2400 }, dropped: {}, licence: 'Authored by the project, Apache-2.0.' }],
    bases: [
      {
        model: 'tiny-llama',
        kind: source === 'miniature' ? 'folder' : 'pretrain',
        status: 'done',
        stages: [stage('base', 0.3)],
        parameters: 887_808,
        architecture: { layers, hiddenSize: 128, attentionHeads: heads, keyValueHeads: heads / 2, vocabularySize: 820, ropeTheta: 10_000 },
        origin: 'Pretrained on the mini-world’s language at 256 tokens and shipped with the project',
        seededInduction: source === 'miniature' ? 'four heads of layer 0 started as previous-token heads; everything after that was learned' : null,
        pretraining: source === 'miniature' ? null : { loss: losses('base', 900, 6.5, 2.9) },
      },
    ],
    settings: [
      {
        task: 'mdqa',
        model: 'tiny-llama',
        test: { stages: [stage('dataset', 0.8)], card: { ...card('real'), splits: { test: { examples: TEST_QUESTIONS, promptTokens: { min: 712, mean: 943.2, max: 1024, counts: [0, 0, 0, 0, 0, 0, 0, 0, 20, 100] }, meanNeedleDepth: 0.5, needleDepths: Array.from({ length: 10 }, () => 12) } }, dropped: {}, samples: [] }, examples: tests },
        baselines: [
          { baseline: 'untuned', status: 'done', reason: null, stages: [stage('evaluate', 19.1, 120 * 943)], evaluate: evaluate('untuned', tests, 0.01) },
          { baseline: 'untuned-scaled', status: 'done', reason: null, stages: [stage('evaluate', 19.4, 120 * 944)], evaluate: evaluate('untuned-scaled', tests, 0.38) },
        ],
        cells,
      },
    ],
    versions: { needlework: '0.1.0', node: '24.0.0', python: '3.11.0', torch: '2.15.0', transformers: '5.23.0', trl: '1.16.0', peft: '0.21.0' },
  };
}

/** Results of the invented sweep. */
export const fixtureResults = (options: FixtureOptions = {}): SweepResults => analyseSweep(fixtureFiles(options));
