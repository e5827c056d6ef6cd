import { describe, expect, it } from 'vitest';
import { inspect, type ScoredExample } from '#activities/analysis/index.ts';
import { attendedBy } from '#activities/report/page/looks.js';
import { tokensOfSpan, tokenTexts } from '#activities/analysis/token-texts.ts';
import type { Example } from '#workflows/contracts/dataset.ts';
import { Inspection } from '#workflows/contracts/inspection.ts';

/** One character, one token, behind a `<bos>`. */
const tokensOf = (prompt: string): ScoredExample['tokens'] => ({ offsets: [[0, 0], ...Array.from(prompt, (_, at): [number, number] => [at, at + 1])], special: new Map([[0, '<bos>']]) });

const PROMPT = `${'a'.repeat(60)}<x7>${'b'.repeat(60)}?`;
const example = (parts: Partial<Example> = {}): Example => ({
  id: 'row-1', task: 'mdqa', condition: 'real', split: 'validation', prompt: PROMPT, answer: 'x7', answers: ['x7'], question: 'which?', needles: [{ start: 60, end: 64 }], answerSpans: [{ start: 61, end: 63 }], promptTokens: PROMPT.length + 1, ...parts,
});
/** Two tokens, two layers of two heads. Head 1 of layer 1 looks at the answer; the others at tokens 1, 10 and 20, and at the answer's first token. */
const scored = (parts: Partial<ScoredExample> = {}): ScoredExample => ({ example: example(), tokens: tokensOf(PROMPT), written: ['x', '7'], attended: Int32Array.from([1, 10, 20, 62, PROMPT.length + 1, 10, 20, 63]).with(4, 1), counted: true, ...parts });
const SCORES = [[0, 0.1], [0, 0.5]];
const wide = { heads: 10, written: 10, characters: 10_000 };

describe('inspect', () => {
  it('keeps for every head and token the position that was attended', () => {
    const found = inspect({ examples: [scored()], leftOut: 7 }, SCORES, wide);
    expect(Inspection.parse(found)).toEqual(found);
    const [one] = found.examples;
    expect(found).toMatchObject({ heads: null, headsLeftOut: 0, examplesLeftOut: 7 });
    expect([[0, 0], [0, 1], [1, 0], [1, 1]].map((head) => attendedBy(found, one!, head as [number, number], 2))).toEqual([[1, 1], [10, 10], [20, 20], [62, 63]]);
    expect(attendedBy(found, one!, [0, 2], 2)).toBeNull();
    expect(attendedBy(found, one!, [2, 0], 2)).toBeNull();
    expect(one).toMatchObject({ id: 'row-1', question: 'which?', answer: 'x7', promptTokens: PROMPT.length + 1, written: ['x', '7'], writtenLeftOut: 0, special: [0], needles: [[61, 65]], answers: [[62, 64]], width: 2, outside: 0 });
  });

  it('tells the answer’s own tokens, and positions beyond 65,535', () => {
    const long = 'y'.repeat(70_000);
    const own = scored({ example: example({ prompt: long, needles: [{ start: 69_000, end: 69_002 }], answerSpans: [], promptTokens: 70_001 }), tokens: tokensOf(long), attended: Int32Array.from([1, 1, 1, 69_500, 70_001, 1, 1, 69_001]) });
    const found = inspect({ examples: [own], leftOut: 0 }, SCORES, wide);
    expect(found.examples[0]).toMatchObject({ width: 4, outside: 0 });
    expect(attendedBy(found, found.examples[0]!, [0, 0], 2)).toEqual([1, 70_001]);
    expect(attendedBy(found, found.examples[0]!, [1, 1], 2)).toEqual([69_500, 69_001]);
  });

  it('opens windows around needles, both ends and attended tokens, and counts what is in none', () => {
    const [one] = inspect({ examples: [scored()], leftOut: 0 }, SCORES, wide).examples;
    const inWindows = one!.windows.flatMap(({ first, tokens }) => tokens.map((text, at) => [first + at, text] as const));
    expect(inWindows.map(([at]) => at)).toEqual([...new Set(inWindows.map(([at]) => at))].sort((a, b) => a - b));
    for (const [at, text] of inWindows) expect(text).toBe(at === 0 ? '<bos>' : PROMPT[at - 1]);
    expect(inWindows.length + one!.tokensLeftOut).toBe(PROMPT.length + 1);
    expect(one!.tokensLeftOut).toBeGreaterThan(0);
    expect(one!.windows.map(({ first, tokens }) => [first, first + tokens.length])).toEqual([[0, 26], [49, 77], [78, 126]]);
  });

  it('gives room to what the highest-scoring heads attended first, and counts the looks that go beyond', () => {
    // The needle (29) and both ends (49 + 12, of which some is the needle's) come first; then 11 tokens around each position.
    const tight = { ...wide, characters: 90 };
    const [one] = inspect({ examples: [scored()], leftOut: 0 }, SCORES, tight).examples;
    const shown = new Set(one!.windows.flatMap(({ first, tokens }) => tokens.map((_, at) => first + at)));
    expect(one!.windows.flatMap(({ tokens }) => tokens).join('').length).toBeLessThanOrEqual(90);
    const outside = [1, 10, 20, 62, 1, 10, 20, 63].filter((position) => !shown.has(position));
    expect(one!.outside).toBe(outside.length);
    expect(outside.length).toBeGreaterThan(0);
    expect(shown.has(62)).toBe(true);
    expect([...one!.windows].sort((a, b) => a.first - b.first)).toEqual(one!.windows);
  });

  it('leaves out the heads of lowest score and the end of long answers, and counts both', () => {
    const found = inspect({ examples: [scored()], leftOut: 0 }, SCORES, { ...wide, heads: 2, written: 1 });
    expect(found).toMatchObject({ heads: [[0, 1], [1, 1]], headsLeftOut: 2 });
    expect(found.examples[0]).toMatchObject({ written: ['x'], writtenLeftOut: 1 });
    expect(attendedBy(found, found.examples[0]!, [1, 1], 2)).toEqual([62]);
    expect(attendedBy(found, found.examples[0]!, [0, 1], 2)).toEqual([10]);
    expect(attendedBy(found, found.examples[0]!, [0, 0], 2)).toBeNull();
  });

  it('refuses positions that no head can attend, and too few of them', () => {
    const beyond = scored({ attended: Int32Array.from([PROMPT.length + 1, 1, 1, 1, 1, 1, 1, 1]) });
    expect(() => inspect({ examples: [beyond], leftOut: 0 }, SCORES, wide)).toThrow(`positions from 0 to ${PROMPT.length} can be attended for token 0, found ${PROMPT.length + 1} (example row-1, layer 0, head 0)`);
    expect(() => inspect({ examples: [scored({ attended: new Int32Array(7) })], leftOut: 0 }, SCORES, wide)).toThrow('2 tokens × 4 heads expected, found 7 positions');
  });
});

describe('tokenTexts', () => {
  it('gives white space to the token before it, and a character of several tokens to the first', () => {
    const tokens = { offsets: [[0, 0], [0, 2], [3, 4], [3, 4], [4, 6]] as [number, number][], special: new Map([[0, '<s>']]) };
    expect(tokenTexts('ab 🏭cd\n', tokens)).toEqual(['<s>', 'ab ', '🏭', '', 'cd\n']);
    expect(() => tokenTexts('ab', tokens)).toThrow('offsets[2]: must lie in the prompt of 2 code points, found 4');
  });

  it('finds the tokens of a span as the trainer does: by a character that is no white space', () => {
    const prompt = 'ab 🏭cd';
    const tokens = { offsets: [[0, 0], [0, 3], [3, 4], [3, 4], [4, 6]] as [number, number][], special: new Map([[0, '<s>']]) };
    const found = (start: number, end: number) => tokensOfSpan(Array.from(prompt), tokens, { start, end });
    expect(found(3, 4)).toEqual([[2, 4]]);
    expect(found(2, 4)).toEqual([[2, 4]]);
    expect(found(1, 5)).toEqual([[1, 5]]);
  });
});
