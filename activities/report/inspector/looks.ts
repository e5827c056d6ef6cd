/** What a head looked at while each token of an answer was written, in words. Pure. */
import type { InspectedExample, TokenRange } from '#workflows/contracts/inspection.ts';
import { count } from '../format.ts';

/** Tokens shown on either side of what is shown for its own sake. */
export const AROUND = 8;
/** A gap of no more tokens than these is shown, where the page holds them. */
const SMALL_GAP = 3;

export interface Look {
  /** The token that was about to be written. */
  written: string;
  position: number;
  /** The attended token; null where it is in no window. */
  token: string | null;
  /** Where it stands, as a phrase. */
  where: string;
}

/** One look per token of the answer. `attended` are positions as `attendedBy` gives them. */
export function looks(example: InspectedExample, attended: readonly number[]): Look[] {
  const texts = textsOf(example);
  return example.written.map((written, at): Look => {
    const position = attended[at] as number;
    const own = position - example.promptTokens;
    const token = own >= 0 ? (example.written[own] ?? null) : (texts.get(position) ?? null);
    return { written, position, token, where: whereOf(example, position, token) };
  });
}

function whereOf({ promptTokens, answers, needles, special }: InspectedExample, position: number, token: string | null): string {
  if (position >= promptTokens) return `the answer’s own token ${count(position - promptTokens + 1)}`;
  if (special.includes(position)) return 'put in by the tokenizer';
  if (isIn(answers, position)) return 'the answer in a needle';
  if (isIn(needles, position)) return 'a needle';
  const place = `token ${count(position + 1)} of ${count(promptTokens)}`;
  return token === null ? `${place}, outside of the excerpt` : place;
}

export type Piece = { kind: 'gap'; tokens: number } | { kind: 'plain' | 'needle' | 'answer' | 'special'; text: string; attendedFor: number[] };

/**
 * The prompt around needles, attended tokens and both ends: runs of tokens of one kind, and gaps. `attendedFor` counts, from 1,
 * the tokens of the answer for which a piece (then a single token) was attended.
 */
export function excerpt(example: InspectedExample, attended: readonly number[]): Piece[] {
  const texts = textsOf(example);
  const { promptTokens, answers, needles, special } = example;
  const forWhich = Map.groupBy(attended.map((position, at) => [position, at + 1] as const), ([position]) => characterOf(texts, position));
  const wanted = [...needles, ...attended.map((position): TokenRange => [position, position + 1]), [0, 1] as TokenRange, [promptTokens - 1, promptTokens] as TokenRange];
  const isWanted = new Uint8Array(promptTokens);
  for (const [from, to] of wanted) isWanted.fill(1, Math.max(0, from - AROUND), Math.min(promptTokens, to + AROUND));
  for (let at = 0, from = 0; at < promptTokens; at += 1) {
    if (isWanted[at] === 0) continue;
    if (at - from <= SMALL_GAP) isWanted.fill(1, from, at);
    from = at + 1;
  }
  const pieces: Piece[] = [];
  for (let at = 0; at < promptTokens; at += 1) {
    const text = texts.get(at);
    const last = pieces.at(-1);
    if (isWanted[at] === 0 || text === undefined) {
      if (last?.kind === 'gap') last.tokens += 1;
      else pieces.push({ kind: 'gap', tokens: 1 });
      continue;
    }
    const kind = special.includes(at) ? 'special' : isIn(answers, at) ? 'answer' : isIn(needles, at) ? 'needle' : 'plain';
    const attendedFor = (forWhich.get(at) ?? []).map(([, token]) => token);
    if (last !== undefined && last.kind === kind && last.attendedFor.length === 0 && attendedFor.length === 0) last.text += text;
    else pieces.push({ kind, text, attendedFor });
  }
  return pieces;
}

/** The token that has the text of a character which several tokens spell. */
function characterOf(texts: ReadonlyMap<number, string>, position: number): number {
  let at = position;
  while (texts.get(at) === '') at -= 1;
  return at;
}

function textsOf({ windows }: InspectedExample): Map<number, string> {
  return new Map(windows.flatMap(({ first, tokens }) => tokens.map((text, at) => [first + at, text] as const)));
}

const isIn = (ranges: readonly TokenRange[], position: number): boolean => ranges.some(([from, to]) => position >= from && position < to);
