/**
 * `npm run bench -- report-store [TOKENS WRITTEN SETTINGS]`: the report of a large sweep from the store on, with artifacts of the shape that an 8B model
 * at 32K leaves: 140 scored prompts of TOKENS tokens for each cell, WRITTEN tokens of each answer with a position for each of 32 × 32 heads, 200 test
 * questions as long. How long reading takes, and what memory the reading process takes at most, in eight conditions for each of SETTINGS seeds.
 * The numbers are invented; the S3 server is a local one.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { analyseSweep } from '#activities/analysis/index.ts';
import { seededRandom } from '#activities/random/seeded.ts';
import { collectSweep } from '#activities/report/collect.ts';
import { textTokenizer } from '#activities/report/inspector/tokenizer.ts';
import { renderReport, resultsJson } from '#activities/report/index.ts';
import type { Recipe } from '#workflows/contracts/artifacts.ts';
import type { Example } from '#workflows/contracts/dataset.ts';
import { Condition } from '#workflows/contracts/experiment.ts';
import { parse, parseSweepSpec } from '#workflows/contracts/parse.ts';
import { SweepResults } from '#workflows/contracts/report.ts';
import type { Unit } from '#workflows/plan/plan.ts';
import { fixtureFiles } from '../activities/report/fixture.ts';
import { safetensors } from '../support/safetensors.ts';
import { ANY_FINGERPRINTS, smallSpec } from '../support/spec.ts';
import { contextForTests, s3ForTests } from '../support/stored-activities.ts';
import { type Contents, storeSweep } from '../support/stored-sweep.ts';

const LAYERS = 32;
const HEADS = 32;
const SCORED = 140;
const QUESTIONS = 200;
/** `limited` is one of the subsets. */
const CONDITIONS = Condition.options.filter((condition) => condition !== 'limited' && condition !== 'limited-L3');
const TOKENIZER = readFile(new URL('../../examples/models/tiny-llama/tokenizer.json', import.meta.url), 'utf8');

/** Prompts of words that are one token each, with one needle. */
async function prompts(tokens: number): Promise<(split: Example['split'], condition: Condition, at: number) => Example> {
  const tokenizerJson = await TOKENIZER;
  const { vocab } = (JSON.parse(tokenizerJson) as { model: { vocab: Record<string, number> } }).model;
  const words = Object.keys(vocab).filter((word) => /^[a-z]{4,}$/.test(word));
  const make = (split: Example['split'], condition: Condition, at: number): Example => {
    const random = seededRandom('prompt', split, condition, at);
    const text = Array.from({ length: tokens - 1 }, () => words[random.int(words.length)] as string);
    const place = random.int(text.length - 1);
    const start = text.slice(0, place).reduce((sum, word) => sum + word.length + 1, 0);
    const answer = text[place] as string;
    const span = { start, end: start + answer.length };
    return { id: `row-${at}`, task: 'mdqa', condition: 'real', split, prompt: text.join(' '), answer, answers: [answer], question: `question ${at}`, needles: [span], answerSpans: [span], promptTokens: tokens };
  };
  const { offsets } = await textTokenizer(tokenizerJson, 'tokenizer.json').prompt(make('validation', 'real', 0).prompt);
  if (offsets.length !== tokens) throw new RangeError(`a prompt of ${tokens} tokens expected, found ${offsets.length}`);
  return make;
}

function contents(make: Awaited<ReturnType<typeof prompts>>, tokenizerJson: string, tokens: number, written: number): (unit: Unit, role: string) => Contents | null {
  const files = fixtureFiles({ conditions: CONDITIONS, layers: LAYERS, heads: HEADS });
  const [setting] = files.settings;
  const cells = setting!.cells.map((cell) => (cell.status === 'done' ? cell : { ...setting!.cells[1]!, condition: cell.condition }));
  const attended = (name: string) => {
    const random = seededRandom('attended', name);
    return Int32Array.from({ length: SCORED * written * LAYERS * HEADS }, () => random.int(tokens));
  };
  const answered = (count: number) => Array.from({ length: count }, (_, at) => ({ id: `row-${at}`, text: 'answer '.repeat(written), tokenIds: Array.from({ length: written }, () => 20), stoppedBy: 'length' }));
  const scored = (of: number) => Array.from({ length: of }, (_, at) => ({ id: `row-${at}`, f1: at % 2, exactMatch: at % 2 }));
  return (unit, role) => {
    const by = 'condition' in unit ? unit.condition : unit.baseline;
    const cell = cells.find(({ condition }) => condition === by);
    const of = (made: Contents['files']): Contents => ({ files: made, measurements: { stageSeconds: 1, tokens } });
    switch (role) {
      case 'source':
        return of({ 'counts.json': { rows: { train: 1400, test: QUESTIONS, dropped: {} }, pool: { kept: 30 } } });
      case 'base':
        return { ...of({ 'config.json': { num_hidden_layers: LAYERS, hidden_size: 4096, num_attention_heads: HEADS, num_key_value_heads: 8, vocab_size: 128_256, rope_theta: 500_000 }, 'tokenizer.json': tokenizerJson }), summary: { parameters: 8_030_261_248 } };
      case 'test':
        return of({ 'card.json': setting!.test.card, 'test.jsonl': Array.from({ length: QUESTIONS }, (_, at) => make('test', 'real', at)) });
      case 'evaluate':
        return of({ 'metrics.json': { examples: QUESTIONS, f1: 0.5, exactMatch: 0.5, perExample: scored(QUESTIONS) }, 'predictions.jsonl': answered(QUESTIONS) });
      case 'dataset':
        return of({ 'card.json': cell!.card, 'pairing.jsonl': cell!.pairing, 'validation.jsonl': Array.from({ length: SCORED }, (_, at) => make('validation', by as Condition, at)) });
      case 'train':
        return of({ 'steps.jsonl': cell!.steps!.map((step) => ({ ...step, learningRate: 1e-4 })) });
      case 'score':
        return of({
          'scores.json': cell!.scores,
          'predictions.jsonl': answered(SCORED),
          'examples.safetensors': safetensors({
            retrieval: { dtype: 'F32', shape: [SCORED, LAYERS, HEADS], data: new Float32Array(SCORED * LAYERS * HEADS) },
            insight: { dtype: 'F32', shape: [SCORED, LAYERS, HEADS], data: new Float32Array(SCORED * LAYERS * HEADS) },
            attended: { dtype: 'I32', shape: [SCORED * written, LAYERS, HEADS], data: attended(unit.id) },
            written: { dtype: 'I32', shape: [SCORED * written], data: new Int32Array(SCORED * written).fill(20) },
            offsets: { dtype: 'I64', shape: [SCORED + 1], data: BigInt64Array.from({ length: SCORED + 1 }, (_, at) => BigInt(at * written)) },
            prompt_tokens: { dtype: 'I32', shape: [SCORED], data: new Int32Array(SCORED).fill(tokens) },
            counted: { dtype: 'BOOL', shape: [SCORED], data: new Uint8Array(SCORED).fill(1) },
          }),
        });
      case 'mask':
        return of({ 'masking.json': cell!.masking });
      default:
        return null;
    }
  };
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

/** In a process of its own, whose memory is that of reading and writing the report alone. */
async function read(folder: string, endpoint: string): Promise<void> {
  const recipe = JSON.parse(await readFile(join(folder, 'recipe.json'), 'utf8')) as Recipe;
  const { store } = await contextForTests(folder, endpoint);
  const peak = () => megabytes(process.resourceUsage().maxRSS * 1024);
  const timed = async <T>(name: string, work: () => Promise<T> | T): Promise<T> => {
    const [start, used] = [performance.now(), process.cpuUsage()];
    const value = await work();
    const { user, system } = process.cpuUsage(used);
    console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of CPU), at most ${peak()} of memory so far`);
    return value;
  };
  console.log(`begin: ${peak()} of memory`);
  const files = await timed('reading', () => collectSweep(store, recipe));
  const results = await timed('analysis', () => parse(SweepResults, analyseSweep(files), 'results.json'));
  const json = await timed('results.json', () => resultsJson(results));
  const page = await timed('page', () => renderReport(results));
  console.log(`results.json ${megabytes(Buffer.byteLength(json))}, page ${megabytes(Buffer.byteLength(page))}`);
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === 'read') await read(rest[0] as string, rest[1] as string);
else {
  const [tokens = 32_768, written = 32, settings = 5] = process.argv.slice(2).map(Number);
  for (const [name, value] of Object.entries({ TOKENS: tokens, WRITTEN: written, SETTINGS: settings })) {
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name}: found ${value}; a positive integer is allowed`);
  }
  const folder = await mkdtemp(join(tmpdir(), 'needlework-bench-store-'));
  const s3 = await s3ForTests(folder);
  try {
    const spec = parseSweepSpec(smallSpec({ name: 'bench', seeds: Array.from({ length: settings }, (_, at) => at), conditions: CONDITIONS, baselines: [], tasks: [{ task: 'mdqa', source: { kind: 'miniature' }, contextTokens: tokens, examples: { total: 1400, validationShare: 0.1, test: QUESTIONS } }] }));
    const recipe = await storeSweep(s3.store, { spec, fingerprints: ANY_FINGERPRINTS, folder, contentsOf: contents(await prompts(tokens), await TOKENIZER, tokens, written) });
    await writeFile(join(folder, 'recipe.json'), JSON.stringify(recipe));
    console.log(`${CONDITIONS.length * settings} cells of ${LAYERS} × ${HEADS} heads: ${SCORED} prompts of ${tokens} tokens, ${written} tokens of each answer`);
    const child = fork(fileURLToPath(import.meta.url), ['read', folder, s3.endpoint], { stdio: 'inherit' });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) process.exitCode = 1;
  } finally {
    await s3.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
