/** Putting a needle among the sentences of a document. */
import type { SeededRandom } from '#activities/random/seeded.ts';
import type { TextRange } from '#activities/source/index.ts';

const SENTENCES = new Intl.Segmenter('en', { granularity: 'sentence' });

/** The sentences of a written text. */
export function sentencesIn(text: string): string[] {
  return [...SENTENCES.segment(text)].map(({ segment }) => segment.trim()).filter((sentence) => sentence !== '');
}

/** The sentences with the needle before, between or behind them, every place alike; and where it stands. */
export function placeAmong(needle: string, sentences: readonly string[], random: SeededRandom): { text: string; needle: TextRange } {
  const place = random.int(sentences.length + 1);
  const before = sentences.slice(0, place).map((sentence) => `${sentence} `).join('');
  const behind = sentences.slice(place).map((sentence) => ` ${sentence}`).join('');
  return { text: before + needle + behind, needle: { start: before.length, end: before.length + needle.length } };
}
