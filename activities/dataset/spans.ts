/** Spans as code points, which Python and tokenizers count in, from UTF-16 units, which JavaScript counts in. */
import { answerOccurrences, type TextRange } from '#activities/source/index.ts';
import type { Span } from '#workflows/contracts/dataset.ts';

const SURROGATES = /[\ud800-\udfff]/;

/** Ranges of UTF-16 units of `text` as spans of code points. Linear in the text, whatever the number of ranges. */
export function toSpans(text: string, ranges: readonly TextRange[]): Span[] {
  if (!SURROGATES.test(text)) return ranges.map(({ start, end }) => ({ start, end }));
  const points = new Uint32Array(text.length + 1);
  for (let unit = 0, point = 0; unit < text.length; point += 1) {
    points[unit] = point;
    const width = (text.codePointAt(unit) as number) > 0xffff ? 2 : 1;
    // The middle of a pair belongs to the code point it is in.
    if (width === 2) points[unit + 1] = point;
    unit += width;
    points[unit] = point + 1;
  }
  return ranges.map(({ start, end }) => ({ start: points[start] as number, end: points[end] as number }));
}

/** Reads spans of code points out of a text. */
export function spanReader(text: string): (span: Span) => string {
  if (!SURROGATES.test(text)) return ({ start, end }) => text.slice(start, end);
  const points = Array.from(text);
  return ({ start, end }) => points.slice(start, end).join('');
}

/** Every occurrence of an answer inside a needle, in UTF-16 units of the prompt. */
export function answersInNeedles(prompt: string, needles: readonly TextRange[], answers: readonly string[]): TextRange[] {
  return needles.flatMap((needle) =>
    answerOccurrences(prompt.slice(needle.start, needle.end), answers).map(({ start, end }) => ({ start: needle.start + start, end: needle.start + end })),
  );
}
