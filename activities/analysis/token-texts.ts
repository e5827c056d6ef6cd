/** What each token of a prompt stands for in its text. Pure. */
import type { Span } from '#workflows/contracts/dataset.ts';
import type { TokenRange } from '#workflows/contracts/inspection.ts';

/** A prompt as tokens. */
export interface PromptTokens {
  /** For each token the half-open range of code points that it stands for; `[0, 0]` where it has none. */
  offsets: readonly (readonly [number, number])[];
  /** Names of the tokens that the tokenizer put in (such as `<bos>`), by position. */
  special: ReadonlyMap<number, string>;
}

/**
 * Text of every token, white space behind it included, so that all but special tokens joined are the prompt. A special token
 * has its name. Of several tokens that spell one character the first has it; the others are empty.
 * @throws RangeError where offsets lie outside of the prompt
 */
export function tokenTexts(prompt: string, { offsets, special }: PromptTokens): string[] {
  const points = Array.from(prompt);
  const ordinary = offsets.flatMap((_, at) => (special.has(at) ? [] : [at]));
  const texts = offsets.map((_, at) => special.get(at) ?? '');
  let from = 0;
  for (const [rank, at] of ordinary.entries()) {
    const [, end] = offsets[at]!;
    if (end > points.length) throw new RangeError(`offsets[${at}]: must lie in the prompt of ${points.length} code points, found ${end}`);
    const next = ordinary[rank + 1];
    // White space that no token stands for goes with the token before it.
    const to = next === undefined ? points.length : Math.max(from, end, offsets[next]![0]);
    texts[at] = points.slice(from, to).join('');
    from = to;
  }
  return texts;
}

/** The tokens that share a character with a span that is not white space (as the trainer's `tokens_in_span`), as ranges of consecutive ones. */
export function tokensOfSpan(prompt: readonly string[], { offsets, special }: PromptTokens, { start, end }: Span): TokenRange[] {
  const ranges: TokenRange[] = [];
  for (const [at, [a, b]] of offsets.entries()) {
    if (special.has(at) || b <= start || a >= end) continue;
    if (!prompt.slice(Math.max(a, start), Math.min(b, end)).some((character) => /\S/u.test(character))) continue;
    const last = ranges.at(-1);
    if (last?.[1] === at) last[1] = at + 1;
    else ranges.push([at, at + 1]);
  }
  return ranges;
}
