import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { seededRandom } from '#activities/random/seeded.ts';
import { type OnProgress, writeJsonLines } from '#activities/source/index.ts';
import { DatasetCard, type Example, type Pairing } from '#workflows/contracts/dataset.ts';
import type { DataKind, Split, Task } from '#workflows/contracts/experiment.ts';
import { parse } from '#workflows/contracts/parse.ts';
import type { SweepSpec } from '#workflows/contracts/spec.ts';
import { ownCondition, ownTask } from '#workflows/tasks/lookup.ts';
import { CardWriter } from './card.ts';
import { DatasetError } from './errors.ts';
import { buildExample, type ExampleSettings, reasonToLeaveOut } from './example.ts';
import { chatFrame, countingIn, RAW } from './frame.ts';
import { givenRows } from './given.ts';
import { inOrder } from './in-order.ts';
import { mdqaRows } from './mdqa/index.ts';
import { inOwnCondition, ownRows } from './own.ts';
import { musiqueRows } from './musique/index.ts';
import { summhayRows } from './summhay/index.ts';
import { pairingOf } from './pairing.ts';
import type { TaskOptions, TaskRequest, TaskRow } from './task.ts';
import { openTokenizer } from './tokens.ts';
import { readWritings, type WrittenFolders } from './writings.ts';

/** How many examples to build: a condition's training data, or the real test split. */
export type DatasetCounts = TrainCounts | { test: number };
type TrainCounts = { train: number; validation: number };

export interface DatasetRequest {
  task: Task;
  condition: DataKind;
  /** The source's rows are finished examples, of which as many are taken as there are, up to the counts asked for. */
  given?: boolean;
  /** Folder of the task's source artifact. */
  sourceDir: string;
  /** Folder of the rank artifact of that source; BM25 ranks its passages where there is none. */
  rankingDir?: string | undefined;
  /** tokenizer.json of the model under test. */
  tokenizerFile: string;
  /** Length of every prompt in that model's tokens; never exceeded. */
  contextTokens: number;
  seed: number;
  /** `chat`: in the chat template of the model, which lies beside its tokenizer.json. */
  promptFormat?: SweepSpec['prompt']['format'];
  examples: DatasetCounts;
  options?: TaskOptions;
  /** Folders of the texts that were written for the condition. */
  written?: WrittenFolders;
  /** Examples in the making at a time; changes nothing but the speed. */
  atOnce?: number;
  outputDir: string;
}

export type DatasetSummary = Record<'examples' | 'dropped' | 'meanPromptTokens' | 'meanNeedleDepth', number>;

/** One folder per task; each turns source rows into drafts. */
const TASKS: Record<Task, (request: TaskRequest) => AsyncGenerator<TaskRow>> = { mdqa: mdqaRows, musique: musiqueRows, summhay: summhayRows };

function rowsFor(task: Task, asked: TaskRequest, given: boolean): AsyncGenerator<TaskRow> {
  if (given) return givenRows(task, asked);
  if (ownTask(task) !== undefined) return ownRows(task, asked);
  const rows = TASKS[task](asked);
  return ownCondition(asked.condition) === undefined ? rows : inOwnCondition(rows, task, asked);
}

/** Counting tokens uses threads of its own, so several examples are made at a time. */
const AT_ONCE = 4;

/** Progress is reported every so many examples. */
const PROGRESS_EXAMPLES = 10;

/**
 * Builds a dataset: `train.jsonl` and `validation.jsonl` of a condition, or `test.jsonl`; `card.json` and `pairing.jsonl`.
 *
 * The questions are the first usable rows of the source, the same ones in the same order for every condition (conditions
 * are paired, paper section 3.2); validation is the last share of them. An example has the id of its source row. Same
 * source, settings and seed give the same bytes.
 * @throws DatasetError for a task, condition or length that this source does not offer, or too few usable rows
 * @throws ExampleError if an example breaks an invariant
 */
export async function buildDataset(request: DatasetRequest, onProgress?: OnProgress): Promise<DatasetSummary> {
  const { task, condition, given = false, sourceDir, rankingDir, tokenizerFile, contextTokens, seed, promptFormat = 'raw', options = {}, written = {}, atOnce = AT_ONCE, outputDir } = request;
  const isTest = 'test' in request.examples;
  if (isTest && condition !== 'real') throw new DatasetError(`condition: found "${condition}", allowed for the test split: real`);
  const rowsRequest: TaskRequest = { sourceDir, rankingDir, condition, split: isTest ? 'test' : 'train', seed, options, writings: await readWritings(written) };
  const counter = openTokenizer(tokenizerFile);
  const frame = promptFormat === 'chat' ? await chatFrame(dirname(tokenizerFile), counter) : RAW;
  const settings: ExampleSettings = { task, contextTokens, counter: countingIn(frame, counter), frame };
  const rowsOf = (asked: TaskRequest) => rowsFor(task, asked, given);
  const examples = given || condition === 'limited' ? await asManyAsThereAre(request.examples, rowsOf(rowsRequest), settings) : request.examples;
  const files: [Split, number][] = 'test' in examples ? [['test', examples.test]] : [['train', examples.train], ['validation', examples.validation]];
  const total = files.reduce((sum, [, count]) => sum + count, 0);

  await mkdir(outputDir, { recursive: true });
  const rows = inOrder(rowsOf(rowsRequest), atOnce, (row) => buildExample(row, settings, seededRandom('order', task, condition, seed, row.id)));
  const pairings: Pairing[] = [];
  let card: CardWriter | undefined;
  let done = 0;

  async function* examplesOf(split: Split, count: number): AsyncGenerator<Example> {
    for (let left = count; left > 0; ) {
      const { value: built, done: exhausted } = await rows.next();
      if (exhausted) throw new DatasetError(`${split} examples: found ${count - left} usable source rows (dropped: ${card?.dropped ?? 'none'}), needed: ${count}; allowed: fewer examples, a larger examples.spareShare, a shorter context, or a source with more rows and passages`);
      card ??= new CardWriter(task, condition, built.generator, rowsRequest.writings?.counts);
      if ('dropped' in built) {
        card.dropped.add(built.dropped);
        continue;
      }
      const { id, ...rest } = built.example;
      const example: Example = { id, task, condition, split, ...rest };
      const fault = built.check(example);
      if (fault !== null) {
        card.dropped.add(fault);
        continue;
      }
      card.add(example);
      pairings.push(pairingOf(example, built.pieces));
      yield example;
      left -= 1;
      if (++done % PROGRESS_EXAMPLES === 0 || done === total) onProgress?.({ phase: 'building examples', done, total, unit: 'examples' });
    }
  }

  for (const [split, count] of files) await writeJsonLines(join(outputDir, `${split}.jsonl`), examplesOf(split, count));
  if (card === undefined) throw new DatasetError(`examples: found no question of the source that fits condition "${condition}", needed: at least 1; allowed: another condition, or a source with such questions`);
  const finished = parse(DatasetCard, card.finish(), 'the dataset card');
  await writeFile(join(outputDir, 'card.json'), `${JSON.stringify(finished, null, 2)}\n`);
  await writeJsonLines(join(outputDir, 'pairing.jsonl'), pairings);
  return summarise(finished);
}

/**
 * The counts asked for, or, of a condition that does not take every question, as many in the same proportion as there are
 * questions (paper, C.1; as large as the full dataset where the source has enough).
 */
async function asManyAsThereAre(asked: DatasetCounts, rows: AsyncIterable<TaskRow>, settings: ExampleSettings): Promise<DatasetCounts> {
  const most = 'test' in asked ? asked.test : asked.train + asked.validation;
  let fit = 0;
  for await (const row of rows) if ((await reasonToLeaveOut(row, settings)) === null && ++fit === most) return asked;
  if ('test' in asked) return { test: Math.max(1, fit) };
  const { train, validation } = asked;
  const kept = Math.min(fit, Math.max(1, Math.round((fit * validation) / (train + validation))));
  return { train: fit - kept, validation: kept };
}

function summarise({ splits, dropped }: DatasetCard): DatasetSummary {
  const all = Object.values(splits);
  const examples = all.reduce((sum, split) => sum + split.examples, 0);
  const mean = (of: (split: (typeof all)[number]) => number) => all.reduce((sum, split) => sum + of(split) * split.examples, 0) / examples;
  return {
    examples,
    dropped: Object.values(dropped).reduce((sum, count) => sum + count, 0),
    meanPromptTokens: mean((split) => split.promptTokens.mean),
    meanNeedleDepth: mean((split) => split.meanNeedleDepth),
  };
}
