/** From `score` artifacts to the few examples of each cell that the report shows heads at work on. */
import { seededRandom } from '#activities/random/seeded.ts';
import { Example } from '#workflows/contracts/dataset.ts';
import { parse } from '#workflows/contracts/parse.ts';
import { Prediction } from '#workflows/contracts/results.ts';
import type { Setting } from '#workflows/plan/grid.ts';
import type { InspectedFiles, ScoredExample } from '../../analysis/inspection.ts';
import { parseHeadExamples } from '../../score/head-examples.ts';
import { linesOf } from '../lines.ts';
import { type TextTokenizer, textTokenizer } from './tokenizer.ts';

/** Prompts that a report holds in all, and of one cell at most: the page stays of a size that a browser likes. */
export const PROMPTS = { all: 80, cell: 6 } as const;

/** Reads the files of a report's artifacts, by unit (`mdqa/tiny/real`) and role (`score`). */
export interface UnitFiles {
  has(unit: string, role: string): boolean;
  bytes(unit: string, role: string, name: string): Promise<Buffer>;
}

/** Examples of each cell (by its id) of the settings whose heads were scored. */
export async function collectInspected(files: UnitFiles, settings: readonly Setting[], seed: number): Promise<Map<string, InspectedFiles>> {
  const isScored = (id: string) => ['score', 'dataset', 'base'].every((role) => files.has(id, role));
  const scored = settings.map((setting) => ({ setting, ids: setting.cells.map(({ id }) => id).filter(isScored) }));
  const cells = scored.flatMap(({ ids }) => ids);
  const share = Math.min(PROMPTS.cell, Math.floor(PROMPTS.all / Math.max(1, cells.length)));
  const found = new Map<string, InspectedFiles>();
  const tokenizers = new Map<string, TextTokenizer>();
  for (const { setting, ids } of scored) {
    const { model } = setting.model;
    const first = ids[0];
    if (first === undefined) continue;
    const tokenizer = tokenizers.get(model) ?? textTokenizer((await files.bytes(first, 'base', 'tokenizer.json')).toString('utf8'), `tokenizer.json of ${model}`);
    tokenizers.set(model, tokenizer);
    const rows = new Map<string, string[]>();
    for (const id of ids) rows.set(id, await scoredRows(files, id));
    for (const id of ids) {
      const all = rows.get(id)!;
      // Where there are more cells than prompts, the first ones have one each.
      const wanted = share > 0 ? share : Number(cells.indexOf(id) < PROMPTS.all);
      const order = inOrderOfChoice(all, [...rows.values()], seed, setting.task.task);
      found.set(id, wanted === 0 ? { examples: [], leftOut: all.length } : await readExamples(files, id, tokenizer, { order, wanted }));
    }
  }
  return found;
}

/** Ids of the examples that were scored, in their order. */
async function scoredRows(files: UnitFiles, id: string): Promise<string[]> {
  const bytes = await files.bytes(id, 'score', 'predictions.jsonl');
  return Array.from(linesOf(bytes), (line, at) => parse(Prediction, JSON.parse(line), `predictions.jsonl of ${id}: score, line ${at + 1},`).id);
}

/**
 * Places of a cell's examples in the order in which they are taken: first those of source rows that most cells of the setting
 * have an example of, so that models can be seen side by side; among these by chance, the same chance in every cell.
 */
export function inOrderOfChoice(rows: readonly string[], ofAllCells: readonly (readonly string[])[], seed: number, task: string): number[] {
  const cellsWith = new Map<string, number>();
  for (const row of ofAllCells.flatMap((each) => [...new Set(each)])) cellsWith.set(row, (cellsWith.get(row) ?? 0) + 1);
  const keyed = rows.map((row, at) => ({ at, cells: cellsWith.get(row) ?? 0, chance: seededRandom('inspected', seed, task, row).float() }));
  return keyed.sort((a, b) => b.cells - a.cells || a.chance - b.chance || a.at - b.at).map(({ at }) => at);
}

/** The first `wanted` examples, in the order of choice, of which anything was written. */
async function readExamples(files: UnitFiles, id: string, tokenizer: TextTokenizer, { order, wanted }: { order: readonly number[]; wanted: number }): Promise<InspectedFiles> {
  const single = parseHeadExamples(await files.bytes(id, 'score', 'examples.safetensors'), `examples.safetensors of ${id}: score`);
  if (single.examples !== order.length) throw new RangeError(`examples.safetensors of ${id}: ${order.length} examples expected, as in predictions.jsonl, found ${single.examples}`);
  const tokensAt = (at: number): [number, number] => [single.offsets[at] as number, single.offsets[at + 1] as number];
  const chosen = order.filter((at) => tokensAt(at)[1] > tokensAt(at)[0]).slice(0, wanted);
  const lines = linesAt(chosen, await files.bytes(id, 'dataset', 'validation.jsonl'));
  const size = single.layers * single.heads;
  const examples: ScoredExample[] = [];
  for (const at of chosen) {
    const example = parse(Example, JSON.parse(lines.get(at) ?? 'null'), `validation.jsonl of ${id}: dataset, line ${at + 1},`);
    const tokens = await tokenizer.prompt(example.prompt);
    if (tokens.offsets.length !== single.promptTokens[at]) {
      throw new RangeError(`validation.jsonl of ${id}, line ${at + 1}: ${single.promptTokens[at]} tokens expected, as its heads were scored on, found ${tokens.offsets.length}`);
    }
    const [from, to] = tokensAt(at);
    // Copies: the whole array of a large model takes megabytes.
    examples.push({ example, tokens, written: await tokenizer.answer([...single.written.subarray(from, to)]), attended: single.attended.slice(from * size, to * size), counted: single.counted[at] === true });
  }
  return { examples, leftOut: order.length - examples.length };
}

/** Some lines of a file, by their places. */
function linesAt(places: readonly number[], bytes: Buffer): Map<number, string> {
  const wanted = new Set(places);
  const lines = new Map<number, string>();
  let at = 0;
  for (const line of linesOf(bytes)) {
    if (wanted.has(at)) lines.set(at, line);
    at += 1;
  }
  return lines;
}
