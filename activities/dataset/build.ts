import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '#activities/random/seeded.ts';
import { type OnProgress, writeJsonLines } from '#activities/source/index.ts';
import { DatasetCard, type Example } from '#workflows/contracts/dataset.ts';
import type { Condition, Split, Task } from '#workflows/contracts/experiment.ts';
import { parse } from '#workflows/contracts/parse.ts';
import { CardWriter } from './card.ts';
import { DatasetError } from './errors.ts';
import { buildExample } from './example.ts';
import { inOrder } from './in-order.ts';
import { mdqaRows } from './mdqa/index.ts';
import { musiqueRows } from './musique/index.ts';
import { summhayRows } from './summhay/index.ts';
import type { TaskOptions, TaskRequest, TaskRow } from './task.ts';
import { openTokenizer } from './tokens.ts';

/** How many examples to build: a condition's training data, or the real test split. */
export type DatasetCounts = TrainCounts | { test: number };
type TrainCounts = { train: number; validation: number };

export interface DatasetRequest {
  task: Task;
  condition: Condition;
  /** Folder of the task's source artifact. */
  sourceDir: string;
  /** tokenizer.json of the model under test. */
  tokenizerFile: string;
  /** Length of every prompt in that model's tokens; never exceeded. */
  contextTokens: number;
  seed: number;
  examples: DatasetCounts;
  options?: TaskOptions;
  /** Examples in the making at a time; changes nothing but the speed. */
  atOnce?: number;
  outputDir: string;
}

export type DatasetSummary = Record<'examples' | 'dropped' | 'meanPromptTokens' | 'meanNeedleDepth', number>;

/** One folder per task; each turns source rows into drafts. */
const TASKS: Record<Task, (request: TaskRequest) => AsyncGenerator<TaskRow>> = { mdqa: mdqaRows, musique: musiqueRows, summhay: summhayRows };

/** Counting tokens uses threads of its own, so several examples are made at a time. */
const AT_ONCE = 4;

/** Progress is reported every so many examples. */
const PROGRESS_EXAMPLES = 10;

/**
 * Builds a dataset: `train.jsonl` and `validation.jsonl` of a condition, or `test.jsonl`, and `card.json`.
 *
 * The questions are the first usable rows of the source, the same ones in the same order for every condition (conditions
 * are paired, paper section 3.2); validation is the last share of them. An example has the id of its source row. Same
 * source, settings and seed give the same bytes.
 * @throws DatasetError for a task, condition or length that this source does not offer, or too few usable rows
 * @throws ExampleError if an example breaks an invariant
 */
export async function buildDataset(request: DatasetRequest, onProgress?: OnProgress): Promise<DatasetSummary> {
  const { task, condition, sourceDir, tokenizerFile, contextTokens, seed, options = {}, atOnce = AT_ONCE, outputDir } = request;
  const isTest = 'test' in request.examples;
  if (isTest && condition !== 'real') throw new DatasetError(`condition: found "${condition}", allowed for the test split: real`);
  const rowsRequest: TaskRequest = { sourceDir, condition, split: isTest ? 'test' : 'train', seed, options };
  const examples = 'train' in request.examples && condition === 'limited' ? await asManyAsThereAre(request.examples, TASKS[task](rowsRequest)) : request.examples;
  const files: [Split, number][] = 'test' in examples ? [['test', examples.test]] : [['train', examples.train], ['validation', examples.validation]];
  const total = files.reduce((sum, [, count]) => sum + count, 0);

  const counter = openTokenizer(tokenizerFile);
  await mkdir(outputDir, { recursive: true });
  const settings = { task, contextTokens, counter };
  const rows = inOrder(TASKS[task](rowsRequest), atOnce, (row) => buildExample(row, settings, seededRandom('order', task, condition, seed, row.id)));
  let card: CardWriter | undefined;
  let done = 0;

  async function* examplesOf(split: Split, count: number): AsyncGenerator<Example> {
    for (let left = count; left > 0; ) {
      const { value: built, done: exhausted } = await rows.next();
      if (exhausted) throw new DatasetError(`${split} examples: found ${count - left} usable source rows (dropped: ${card?.dropped ?? 'none'}), needed: ${count}; allowed: fewer examples, a shorter context, or a source with more rows and passages`);
      card ??= new CardWriter(task, condition, built.generator);
      if ('dropped' in built) {
        card.dropped.add(built.dropped);
        continue;
      }
      const { id, ...rest } = built.example;
      const example: Example = { id, task, condition, split, ...rest };
      built.check(example);
      card.add(example);
      yield example;
      left -= 1;
      if (++done % PROGRESS_EXAMPLES === 0 || done === total) onProgress?.({ phase: 'building examples', done, total, unit: 'examples' });
    }
  }

  for (const [split, count] of files) await writeJsonLines(join(outputDir, `${split}.jsonl`), examplesOf(split, count));
  if (card === undefined) throw new DatasetError(`examples: found ${total} asked for, allowed: at least 1`);
  const finished = parse(DatasetCard, card.finish(), 'the dataset card');
  await writeFile(join(outputDir, 'card.json'), `${JSON.stringify(finished, null, 2)}\n`);
  return summarise(finished);
}

/**
 * The counts asked for, or, of a condition that does not take every question, as many in the same proportion as there are
 * questions (paper, C.1; as large as the full dataset where the source has enough).
 */
async function asManyAsThereAre({ train, validation }: TrainCounts, rows: AsyncIterable<TaskRow>): Promise<TrainCounts> {
  let fit = 0;
  for await (const { unfit } of rows) if (unfit === undefined && ++fit === train + validation) return { train, validation };
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
