/**
 * A FIXTURE: the artifacts of a small sweep, written down by hand, of which nothing was measured. One cell has failed in training,
 * and one could not be patched. What is random nowhere: the same code gives the same bytes.
 */
import { readFileSync } from 'node:fs';
import type { DatasetCard, Example } from '#workflows/contracts/dataset.ts';
import type { Condition } from '#workflows/contracts/experiment.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import type { HeadScores, Masking, Metrics, Patching, Prediction } from '#workflows/contracts/results.ts';
import type { Unit } from '#workflows/plan/plan.ts';
import { safetensors } from '../../../support/safetensors.ts';
import { smallSpec } from '../../../support/spec.ts';
import type { Contents } from '../../../support/stored-sweep.ts';

export const goldenSpec = parseSweepSpec(
  smallSpec({
    name: 'golden',
    description: 'Invented numbers. Nothing here was measured.',
    seed: 3,
    tasks: [{ task: 'mdqa', source: { kind: 'miniature' }, contextTokens: 256, examples: { total: 10, validationShare: 0.2, test: 4 } }],
    conditions: ['real', 'limited', 'low/low', 'symbolic'],
    mask: { k: [1, 4], randomDraws: 2 },
    patch: { randomDraws: 2 },
  }),
);

/** Reasons as the sweep's workflow gives them; one is hostile. */
export const GOLDEN_MISSING = { 'mdqa/tiny/limited': 'train: out of memory <b>at step 2</b>', 'mdqa/tiny/symbolic: patch': 'patch: the trainer was stopped' };

export function goldenContents(unit: Unit, role: string): Contents | null {
  const by = 'condition' in unit ? unit.condition : unit.baseline;
  const measurements = { stageSeconds: 1.5, tokens: 2048 };
  const of = (files: Contents['files']): Contents => ({ files, measurements });
  const tuned = CELLS[by as keyof typeof CELLS];
  switch (role) {
    case 'source':
      return of({ 'counts.json': { rows: { train: 10, test: 4, dropped: { 'answer not in the gold passage': 2, 'too long': 0 } }, pool: { kept: 30 } } });
    case 'base':
      return {
        ...of({
          'config.json': { num_hidden_layers: 2, hidden_size: 16, num_attention_heads: 3, num_key_value_heads: 1, vocab_size: 820, rope_theta: 10_000 },
          'origin.json': { origin: 'Made by hand', seededInduction: null },
          'tokenizer.json': readFileSync(new URL('../../../../examples/models/tiny-llama/tokenizer.json', import.meta.url), 'utf8'),
        }),
        summary: { parameters: 12_345 },
      };
    case 'test':
      return of({ 'card.json': card('real', { test: 4 }), 'test.jsonl': QUESTIONS.map((_, at) => example(at, 'test')) });
    case 'evaluate':
      return by === 'limited' ? null : of(evaluation(F1[by as keyof typeof F1]));
    case 'dataset':
      return of({ 'card.json': card(by as Condition, { train: 8, validation: 2 }), 'pairing.jsonl': [0, 1].map((at) => ({ id: `row-${at}`, question: `${by} ${at}`, needles: `${by} ${at}`, padding: by === 'low/low' ? 0.75 : 0 })), 'validation.jsonl': [0, 1].map((at) => example(at, 'validation')) });
    case 'train':
      return tuned ? of({ 'steps.jsonl': tuned.loss.map((loss, at) => ({ step: at + 1, loss, learningRate: 1e-3 })) }) : null;
    case 'score':
      return tuned ? of({ 'scores.json': tuned.scores, 'predictions.jsonl': [0, 1].map((at) => prediction(`row-${at}`, '')), 'examples.safetensors': headExamples() }) : null;
    case 'mask':
      return tuned ? of({ 'masking.json': tuned.masking }) : null;
    case 'patch':
      return by === 'low/low' ? of({ 'patching.json': PATCHING }) : null;
    default:
      return null;
  }
}

const QUESTIONS = [
  ['Where does Ada live?', 'Rome'],
  ['Who keeps the bees?', 'Ben 🐝'],
  ['When was the mill sold?', '1902'],
  ['What is k4?', 'q7z1'],
] as const;

/** Spans count code points, of which the bee is one. */
function example(at: number, split: Example['split']): Example {
  const [question, answer] = QUESTIONS[at] as (typeof QUESTIONS)[number];
  const [head, needle] = ['The following are given passages.\nDocument 1: (Title: Notes) ', `It is known: ${answer}.`];
  const start = Array.from(head).length;
  const inside = start + Array.from('It is known: ').length;
  return {
    id: split === 'test' ? `question-${at}` : `row-${at}`,
    task: 'mdqa',
    condition: 'real',
    split,
    prompt: `${head}${needle}\nAnswer the question based on the given passages. Only give me the answer and do not output any other words.\nQuestion: ${question}\nAnswer:`,
    answer,
    answers: [answer],
    question,
    needles: [{ start, end: start + Array.from(needle).length }],
    answerSpans: [{ start: inside, end: inside + Array.from(answer).length }],
    promptTokens: 48,
  };
}

function card(condition: Condition, splits: Record<string, number>): DatasetCard {
  const tenths = (first: number) => [first, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  return {
    task: 'mdqa',
    condition: condition as DatasetCard['condition'],
    splits: Object.fromEntries(Object.entries(splits).map(([split, examples]) => [split, { examples, promptTokens: { min: 48, mean: 48, max: 48, counts: tenths(examples) }, meanNeedleDepth: 0.25, needleDepths: tenths(examples) }])),
    dropped: condition === 'symbolic' ? { 'longer than the context': 1 } : {},
    generator: 'by hand',
    writing: {},
    samples: [example(0, 'train')],
  };
}

const F1 = {
  untuned: [0, 0, 0, 0],
  'untuned-scaled': [0, 1, 0, 0],
  real: [1, 1, 0.5, 0],
  'low/low': [1, 0, 0.5, 0],
  symbolic: [0, 0.4, 0, 0],
} as const;

const prediction = (id: string, text: string): Prediction => ({ id, text, tokenIds: text === '' ? [] : [1, 2], stoppedBy: text === '' ? 'length' : 'eos' });

function evaluation(f1: readonly number[]): { 'metrics.json': Metrics; 'predictions.jsonl': Prediction[] } {
  const perExample = f1.map((value, at) => ({ id: `question-${at}`, f1: value, exactMatch: Number(value === 1) }));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    'metrics.json': { examples: f1.length, f1: mean([...f1]), exactMatch: mean(perExample.map(({ exactMatch }) => exactMatch)), perExample },
    'predictions.jsonl': perExample.map(({ id, f1: value }, at) => prediction(id, value > 0 ? (QUESTIONS[at] as (typeof QUESTIONS)[number])[1] : '')),
  };
}

const scores = (retrieval: number[][], f1: number): HeadScores => ({ layers: 2, heads: 3, examples: 2, retrieval, insight: retrieval.map((row) => row.map((value) => value / 2)), f1 });

function masking(unmaskedF1: number, top: number, random: [number, number]): Masking {
  const draws = random.map((f1, draw) => ({ id: `random-1-draw-${draw}`, kind: 'random' as const, k: 1, draw, heads: [[1, draw]] as [number, number][], f1 }));
  return { examples: 4, unmaskedF1, sets: [{ id: 'top-1', kind: 'top', k: 1, draw: null, heads: [[0, 0]], f1: top }, ...draws], skipped: [{ k: 4, reason: '4 heads were asked for, but only 3 have a positive score' }] };
}

const CELLS = {
  real: { loss: [2, 1, 0.5], scores: scores([[0.4, 0, 0.2], [0, 0.1, 0]], 0.75), masking: masking(0.625, 0.25, [0.625, 0.5]) },
  'low/low': { loss: [3, 1.5, 0.75], scores: scores([[0.3, 0, 0], [0.2, 0.1, 0]], 0.5), masking: masking(0.375, 0.125, [0.375, 0.25]) },
  symbolic: { loss: [4, 2, 1], scores: scores([[0, 0.5, 0], [0, 0.1, 0]], 1), masking: masking(0.1, 0, [0.1, 0.1]) },
} as const;

const PATCHING: Patching = {
  examples: 4,
  unpatchedF1: 0.375,
  n: 1,
  candidates: { complement: 1, intersection: 2 },
  sets: [
    { id: 'complement', kind: 'complement', draw: null, heads: [[0, 2]], f1: 0.375 },
    { id: 'intersection', kind: 'intersection', draw: null, heads: [[0, 0]], f1: 0.5 },
    { id: 'random-draw-0', kind: 'random', draw: 0, heads: [[1, 2]], f1: 0.25 },
    { id: 'random-draw-1', kind: 'random', draw: 1, heads: [[0, 1]], f1: 0.375 },
  ],
  skipped: [],
};

/** Two examples of which nothing was written. */
function headExamples(): Uint8Array {
  return safetensors({
    retrieval: { dtype: 'F32', shape: [2, 2, 3], data: new Float32Array(12) },
    insight: { dtype: 'F32', shape: [2, 2, 3], data: new Float32Array(12) },
    attended: { dtype: 'I32', shape: [0, 2, 3], data: new Int32Array(0) },
    written: { dtype: 'I32', shape: [0], data: new Int32Array(0) },
    offsets: { dtype: 'I64', shape: [3], data: new BigInt64Array(3) },
    prompt_tokens: { dtype: 'I32', shape: [2], data: new Int32Array([48, 48]) },
    counted: { dtype: 'BOOL', shape: [2], data: new Uint8Array([1, 1]) },
  });
}
