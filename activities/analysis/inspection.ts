/** Where heads looked in a few examples, small enough for a page (`Inspection`). Pure. */
import type { Example } from '#workflows/contracts/dataset.ts';
import type { Head } from '#workflows/contracts/experiment.ts';
import type { InspectedExample, Inspection, PromptWindow, TokenRange } from '#workflows/contracts/inspection.ts';
import { type ScoreMatrix } from './heads.ts';
import { type PromptTokens, tokensOfSpan, tokenTexts } from './token-texts.ts';

/** One example of a head scoring. */
export interface ScoredExample {
  example: Example;
  tokens: PromptTokens;
  /** Text of each token that was written. */
  written: readonly string[];
  /** Position that each head attended most while each token was predicted: `[token][layer][head]`, flat, the last dimension fastest. */
  attended: Int32Array;
  counted: boolean;
}

/** What was read of a cell's head scoring for its inspection. */
export interface InspectedFiles {
  examples: readonly ScoredExample[];
  /** Further examples that were scored. */
  leftOut: number;
}

/** Bounds of what a page holds of one example; what goes beyond is left out and counted. */
export interface Bounds {
  /** Heads, those of highest score: all of an 8B model. */
  heads: number;
  /** Tokens of an answer. */
  written: number;
  /** Characters of a prompt. */
  characters: number;
}
export const BOUNDS: Bounds = { heads: 1200, written: 12, characters: 6000 };

/** Tokens kept in view on either side of an attended one, of a needle, and at both ends of the prompt. */
const AROUND = { attended: 5, needle: 12, start: 8, end: 48 };

/**
 * A cell's inspection. `scores` are the mean scores by which heads count: windows are opened around what the highest-scoring
 * heads attended first, until `bounds.characters` are used up. @throws RangeError for positions that no head can attend
 */
export function inspect({ examples, leftOut }: InspectedFiles, scores: ScoreMatrix, bounds: Bounds = BOUNDS): Inspection {
  const all = scores.flatMap((row, layer) => row.map((_, head): Head => [layer, head]));
  const ranked = all.toSorted((a, b) => scoreOf(scores, b) - scoreOf(scores, a));
  const kept = all.length <= bounds.heads ? all : ranked.slice(0, bounds.heads).sort(([layerA, headA], [layerB, headB]) => layerA - layerB || headA - headB);
  const isKept = new Set(kept.map(String));
  const heads = { width: scores[0]?.length ?? 0, all: all.length, kept, ranked: ranked.filter((head) => isKept.has(String(head))) };
  return {
    heads: kept.length === all.length ? null : kept,
    headsLeftOut: all.length - kept.length,
    examples: examples.map((example) => inspectExample(example, heads, bounds)),
    examplesLeftOut: leftOut,
  };
}

const scoreOf = (scores: ScoreMatrix, [layer, head]: Head): number => scores[layer]?.[head] as number;

interface Heads {
  /** Heads of a layer. */
  width: number;
  all: number;
  kept: readonly Head[];
  /** The same, highest score first. */
  ranked: readonly Head[];
}

function inspectExample({ example, tokens, written, attended, counted }: ScoredExample, heads: Heads, bounds: Bounds): InspectedExample {
  const promptTokens = tokens.offsets.length;
  if (attended.length !== written.length * heads.all) {
    throw new RangeError(`attended: ${written.length} tokens × ${heads.all} heads expected, found ${attended.length} positions (example ${example.id})`);
  }
  const texts = tokenTexts(example.prompt, tokens);
  const points = Array.from(example.prompt);
  const rangesOf = (spans: Example['needles']) => spans.flatMap((span) => tokensOfSpan(points, tokens, span));
  const [needles, answers] = [rangesOf(example.needles), rangesOf(example.answerSpans)];
  const shown = Math.min(written.length, bounds.written);
  const positionOf = (token: number, [layer, head]: Head): number => {
    const position = attended[token * heads.all + layer * heads.width + head] as number;
    if (!(position >= 0 && position < promptTokens + token)) {
      throw new RangeError(`attended: positions from 0 to ${promptTokens + token - 1} can be attended for token ${token}, found ${position} (example ${example.id}, layer ${layer}, head ${head})`);
    }
    return position;
  };
  const wanted = [
    ...needles.map(([from, to]): TokenRange => [from - AROUND.needle, to + AROUND.needle]),
    [promptTokens - AROUND.end, promptTokens] as TokenRange,
    [0, AROUND.start] as TokenRange,
    ...attendedRanges(heads.ranked, shown, promptTokens, positionOf),
  ];
  const isIn = openWindows(texts, wanted, bounds.characters);
  const positions = Array.from({ length: shown }, (_, token) => heads.kept.map((head) => positionOf(token, head))).flat();
  const width = promptTokens + shown > 0xffff ? 4 : 2;
  return {
    id: example.id,
    question: example.question,
    answer: example.answer,
    counted,
    promptTokens,
    written: written.slice(0, shown),
    writtenLeftOut: written.length - shown,
    windows: windowsOf(texts, isIn),
    tokensLeftOut: isIn.reduce((sum, inside) => sum + 1 - inside, 0),
    special: [...tokens.special.keys()],
    needles,
    answers,
    attended: packed(positions, width),
    width,
    outside: positions.filter((position) => position < promptTokens && isIn[position] === 0).length,
  };
}

/** Places around what heads attended, those of the highest-scoring head first; each position once. */
function* attendedRanges(ranked: readonly Head[], shown: number, promptTokens: number, positionOf: (token: number, head: Head) => number): Generator<TokenRange> {
  const seen = new Set<number>();
  for (const head of ranked) {
    for (let token = 0; token < shown; token += 1) {
      const position = positionOf(token, head);
      if (position >= promptTokens || seen.has(position)) continue;
      seen.add(position);
      yield [position - AROUND.attended, position + AROUND.attended + 1];
    }
  }
}

/** Which tokens are shown: those of the ranges in turn, each range wholly or not at all, as long as there is room. */
function openWindows(texts: readonly string[], wanted: Iterable<TokenRange>, characters: number): Uint8Array {
  const isIn = new Uint8Array(texts.length);
  let room = characters;
  for (const [from, to] of wanted) {
    const added: number[] = [];
    for (let at = Math.max(0, from); at < Math.min(to, texts.length); at += 1) if (isIn[at] === 0) added.push(at);
    const cost = added.reduce((sum, at) => sum + (texts[at] as string).length, 0);
    if (cost > room) continue;
    room -= cost;
    for (const at of added) isIn[at] = 1;
  }
  return isIn;
}

function windowsOf(texts: readonly string[], isIn: Uint8Array): PromptWindow[] {
  const windows: PromptWindow[] = [];
  for (const [at, text] of texts.entries()) {
    if (isIn[at] === 0) continue;
    if (at > 0 && isIn[at - 1] === 1) windows.at(-1)!.tokens.push(text);
    else windows.push({ first: at, tokens: [text] });
  }
  return windows;
}

function packed(positions: readonly number[], width: 2 | 4): string {
  const bytes = Buffer.alloc(positions.length * width);
  for (const [at, position] of positions.entries()) bytes.writeUIntLE(position, at * width, width);
  return bytes.toString('base64');
}
