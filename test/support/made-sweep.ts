/**
 * A FIXTURE: sweeps whose artifacts hold invented numbers, in a real store, so that what works on the store alone can be tried in
 * seconds. Nothing of it was measured.
 */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { seededRandom } from '#activities/random/seeded.ts';
import type { SweepStore } from '#activities/sweeps/rebuild.ts';
import { recordSweep } from '#activities/sweeps/records.ts';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import { parseSweepSpec } from '#workflows/contracts/parse.ts';
import type { HeadScores } from '#workflows/contracts/results.ts';
import type { SweepSpec, SweepSpecInput } from '#workflows/contracts/spec.ts';
import type { Unit } from '#workflows/plan/plan.ts';
import { fixtureFiles } from '../activities/report/fixture.ts';
import { safetensors } from './safetensors.ts';
import { ANY_FINGERPRINTS } from './spec.ts';
import { type Contents, type ContentsOf, storeSweep } from './stored-sweep.ts';

const [LAYERS, HEADS, SCORED] = [4, 8, 20];

export interface MadeSweep {
  /** Which stages are there; all, as a rule. */
  has?: (unit: string, role: string) => boolean;
  /** How often a model tuned on this condition uses a head that one tuned on real data uses, in 0..1. */
  likeReal?: (unit: string) => number;
  /** Share of test questions that it answers. */
  f1?: (unit: string) => number;
}

/** Fingerprints that can be kept in a record: those of what these specs name. */
export function fingerprintsOf(spec: SweepSpec): Record<string, string> {
  return Object.fromEntries(['miniature', ...spec.models.flatMap(({ base }) => (base.kind === 'folder' ? [base.path] : []))].map((location) => [location, ANY_FINGERPRINTS[location] as string]));
}

/** Puts a sweep into the store: its record, and the artifacts of its plan. Returns the spec. */
export async function makeSweep({ store, documents }: SweepStore, sweep: string, given: SweepSpecInput, { has = () => true, likeReal = () => 0.8, f1 = () => 0.5 }: MadeSweep = {}): Promise<SweepSpec> {
  const spec = parseSweepSpec(given);
  const fingerprints = fingerprintsOf(spec);
  await recordSweep(documents, sweep, spec, fingerprints);
  const contentsOf: ContentsOf = (unit, role, recipe) => (has(unit.id, role) ? { files: filesOf(unit, role, recipe, { likeReal, f1 }), measurements: { stageSeconds: 2 } } : null);
  await storeSweep(store, { spec, fingerprints, folder: tmpdir(), contentsOf });
  return spec;
}

/** Files of the artifact of a stage. */
function filesOf(unit: Unit, role: string, recipe: Recipe, { likeReal, f1 }: Required<Omit<MadeSweep, 'has'>>): Contents['files'] {
  const condition = 'condition' in unit ? unit.condition : 'real';
  const { settings } = fixtureFiles({ conditions: condition === 'real' ? ['real'] : ['real', condition], layers: LAYERS, heads: HEADS });
  const { test, cells } = settings[0]!;
  const cell = cells.find((one) => one.condition === condition)!;
  switch (recipe.stage) {
    case 'source':
      return { 'counts.json': { rows: { train: 20, test: 5, dropped: {} }, pool: { kept: 7 } } };
    case 'base':
      return { 'config.json': { num_hidden_layers: LAYERS, hidden_size: 64, num_attention_heads: HEADS, vocab_size: 100 }, 'tokenizer.json': readFileSync(new URL('../../examples/models/tiny-llama/tokenizer.json', import.meta.url)) };
    case 'dataset':
      return role === 'test' ? { 'card.json': { ...test.card, task: unit.task }, 'test.jsonl': test.examples! } : { 'card.json': { ...cell.card, task: unit.task }, 'pairing.jsonl': cell.pairing!, 'validation.jsonl': '' };
    case 'train':
      return { 'steps.jsonl': cell.steps! };
    case 'evaluate': {
      const random = seededRandom('made F1', unit.id);
      const perExample = test.examples!.map(({ id }) => (random.float() < f1(unit.id) ? { id, f1: 1, exactMatch: 1 } : { id, f1: 0, exactMatch: 0 }));
      const mean = perExample.reduce((sum, one) => sum + one.f1, 0) / perExample.length;
      return { 'metrics.json': { examples: perExample.length, f1: mean, exactMatch: mean, perExample }, 'predictions.jsonl': test.examples!.map(({ id, answer }, at) => ({ id, text: perExample[at]!.f1 === 1 ? answer : 'elsewhere', tokenIds: [1], stoppedBy: 'eos' })) };
    }
    case 'score':
      return scoreFiles(unit, condition === 'real' ? 1 : likeReal(unit.id));
    case 'mask':
      return { 'masking.json': cell.masking };
    case 'patch':
      return { 'patching.json': cell.patching };
    default:
      throw new Error(`no fixture for stage ${recipe.stage}`);
  }
}

/** Scores of single examples, and their means: heads of the real cell are used as often as `share` says, others otherwise. */
function scoreFiles({ id, task, model }: Unit, share: number): Contents['files'] {
  const shared = seededRandom('made heads', task, model);
  const own = seededRandom('made scores', id);
  const size = LAYERS * HEADS;
  const strengths = Array.from({ length: size }, () => {
    const real = shared.float() < 0.4 ? 0.2 + 0.8 * shared.float() : 0;
    return own.float() < share ? real : real > 0 ? 0 : own.float() < 0.3 ? 0.3 : 0;
  });
  const retrieval = Float32Array.from({ length: SCORED * size }, (_, at) => (own.float() < (strengths[at % size] as number) ? 1 : 0));
  const matrix = Array.from({ length: LAYERS }, (_, layer) => Array.from({ length: HEADS }, (_, head) => Array.from({ length: SCORED }, (_, example) => retrieval[example * size + layer * HEADS + head] as number).reduce((sum, value) => sum + value, 0) / SCORED));
  const scores: HeadScores = { layers: LAYERS, heads: HEADS, examples: SCORED, retrieval: matrix, insight: matrix, f1: 0.5 };
  const tensors = {
    retrieval: { dtype: 'F32', shape: [SCORED, LAYERS, HEADS], data: retrieval },
    insight: { dtype: 'F32', shape: [SCORED, LAYERS, HEADS], data: retrieval },
    // Nothing was written, so that the report has nothing to show of where heads looked.
    attended: { dtype: 'I32', shape: [0, LAYERS, HEADS], data: new Int32Array(0) },
    written: { dtype: 'I32', shape: [0], data: new Int32Array(0) },
    offsets: { dtype: 'I64', shape: [SCORED + 1], data: new BigInt64Array(SCORED + 1) },
    prompt_tokens: { dtype: 'I32', shape: [SCORED], data: new Int32Array(SCORED).fill(100) },
    counted: { dtype: 'BOOL', shape: [SCORED], data: new Uint8Array(SCORED).fill(1) },
  } as const;
  const predictions = Array.from({ length: SCORED }, (_, at) => ({ id: `row-${at}`, text: '', tokenIds: [], stoppedBy: 'length' }));
  return { 'scores.json': scores, 'predictions.jsonl': predictions, 'examples.safetensors': safetensors(tensors) };
}
