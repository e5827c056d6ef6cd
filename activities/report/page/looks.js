/** What a head looked at while each token of an answer was written, in words: for the server (inspector/section.ts) and the head inspector of the page. Pure. */
import { count } from './numbers.js';

/**
 * What of an inspected example (workflows/contracts/inspection.ts) is read here.
 * @typedef {{ promptTokens: number, written: readonly string[], windows: readonly { first: number, tokens: readonly string[] }[], special: readonly number[],
 *   needles: readonly Range[], answers: readonly Range[], attended: string, width: 2 | 4 }} Inspected
 * @typedef {readonly [from: number, to: number]} Range Half-open range of token positions
 */

/** Tokens shown on either side of what is shown for its own sake. */
export const AROUND = 8;
/** A gap of no more tokens than these is shown, where the page holds them. */
const SMALL_GAP = 3;

/**
 * The position that a head attended most for each token of an example's `written`; null where the inspection does not tell of the head.
 * @param {{ heads: readonly Range[] | null }} inspection Heads that it tells of, `[layer, head]`; null: all
 * @param {Inspected} example @param {Range} head @param {number} headsPerLayer @returns {number[] | null}
 */
export function attendedBy({ heads }, { attended, width, written }, [layer, head], headsPerLayer) {
  const bytes = Uint8Array.from(atob(attended), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const each = bytes.length / width / written.length;
  const at = heads === null ? layer * headsPerLayer + head : heads.findIndex(([l, h]) => l === layer && h === head);
  if (at < 0 || at >= each || head >= headsPerLayer) return null;
  return written.map((_, token) => {
    const offset = (token * each + at) * width;
    return width === 2 ? view.getUint16(offset, true) : view.getUint32(offset, true);
  });
}

/**
 * One look per token of the answer: the token that was about to be written, the attended one (null where it is in no window) and where
 * that stands, as a phrase.
 * @param {Inspected} example @param {readonly number[]} attended Positions, as `attendedBy` gives them
 * @returns {{ written: string, position: number, token: string | null, where: string }[]}
 */
export function looks(example, attended) {
  const texts = textsOf(example);
  return example.written.map((written, at) => {
    const position = /** @type {number} */ (attended[at]);
    const own = position - example.promptTokens;
    const token = (own >= 0 ? example.written[own] : texts.get(position)) ?? null;
    return { written, position, token, where: whereOf(example, position, token) };
  });
}

/** @param {Inspected} example @param {number} position @param {string | null} token */
function whereOf({ promptTokens, answers, needles, special }, position, token) {
  if (position >= promptTokens) return `the answer’s own token ${count(position - promptTokens + 1)}`;
  if (special.includes(position)) return 'put in by the tokenizer';
  if (isIn(answers, position)) return 'the answer in a needle';
  if (isIn(needles, position)) return 'a needle';
  const place = `token ${count(position + 1)} of ${count(promptTokens)}`;
  return token === null ? `${place}, outside of the excerpt` : place;
}

/** @typedef {{ kind: 'gap', tokens: number } | { kind: 'plain' | 'needle' | 'answer' | 'special', text: string, attendedFor: number[] }} Piece */

/**
 * The prompt around needles, attended tokens and both ends: runs of tokens of one kind, and gaps. `attendedFor` counts, from 1,
 * the tokens of the answer for which a piece (then a single token) was attended.
 * @param {Inspected} example @param {readonly number[]} attended @returns {Piece[]}
 */
export function excerpt(example, attended) {
  const texts = textsOf(example);
  const { promptTokens, answers, needles, special } = example;
  /** @type {Map<number, number[]>} */
  const forWhich = new Map();
  for (const [at, position] of attended.entries()) {
    const first = characterOf(texts, position);
    forWhich.set(first, [...(forWhich.get(first) ?? []), at + 1]);
  }
  const isWanted = new Uint8Array(promptTokens);
  /** @type {Range[]} */
  const wanted = [...needles, ...attended.map((position) => /** @type {Range} */ ([position, position + 1])), [0, 1], [promptTokens - 1, promptTokens]];
  for (const [from, to] of wanted) isWanted.fill(1, Math.max(0, from - AROUND), Math.min(promptTokens, to + AROUND));
  for (let at = 0, from = 0; at < promptTokens; at += 1) {
    if (isWanted[at] === 0) continue;
    if (at - from <= SMALL_GAP) isWanted.fill(1, from, at);
    from = at + 1;
  }
  /** @type {Piece[]} */
  const pieces = [];
  for (let at = 0; at < promptTokens; at += 1) {
    const text = texts.get(at);
    const last = pieces[pieces.length - 1];
    if (isWanted[at] === 0 || text === undefined) {
      if (last?.kind === 'gap') last.tokens += 1;
      else pieces.push({ kind: 'gap', tokens: 1 });
      continue;
    }
    const kind = special.includes(at) ? 'special' : isIn(answers, at) ? 'answer' : isIn(needles, at) ? 'needle' : 'plain';
    const attendedFor = forWhich.get(at) ?? [];
    if (last !== undefined && last.kind !== 'gap' && last.kind === kind && last.attendedFor.length === 0 && attendedFor.length === 0) last.text += text;
    else pieces.push({ kind, text, attendedFor });
  }
  return pieces;
}

/** The token that has the text of a character which several tokens spell. @param {ReadonlyMap<number, string>} texts @param {number} position */
function characterOf(texts, position) {
  let at = position;
  while (texts.get(at) === '') at -= 1;
  return at;
}

/** @param {Inspected} example @returns {Map<number, string>} */
function textsOf({ windows }) {
  return new Map(windows.flatMap(({ first, tokens }) => tokens.map((text, at) => /** @type {[number, string]} */ ([first + at, text]))));
}

/** @param {readonly Range[]} ranges @param {number} position */
function isIn(ranges, position) {
  return ranges.some(([from, to]) => position >= from && position < to);
}
