import { describe, expect, it } from 'vitest';
import { answerFilter, answerOccurrences } from '#activities/source/index.ts';

const texts = (text: string, answers: string[]) => answerOccurrences(text, answers).map(({ start, end }) => text.slice(start, end));

describe('answer occurrences', () => {
  it('ignore case and the kind of white space', () => {
    expect(texts('Wilhelm  röntgen and WILHELM RÖNTGEN', ['Wilhelm Röntgen'])).toEqual(['Wilhelm  röntgen', 'WILHELM RÖNTGEN']);
  });
  it('are whole words', () => {
    expect(texts('The Sacred Mill is red, reddish or infrared.', ['red'])).toEqual(['red']);
  });
  it('may begin or end with punctuation', () => {
    expect(texts('It costs $5.00 (20%).', ['$5.00', '20%'])).toEqual(['$5.00', '20%']);
  });
  it('are the longest of overlapping aliases, in order', () => {
    expect(texts('in Paris, Anna Reed met Reed', ['Reed', 'Anna Reed', 'Paris'])).toEqual(['Paris', 'Anna Reed', 'Reed']);
  });
  it('keep their place behind characters whose lower case is longer, and behind astral ones', () => {
    expect(texts('İİ 😀 Ankara', ['ankara'])).toEqual(['Ankara']);
  });
});

describe('the answer filter', () => {
  const holds = (answers: string[], text: string, title = '') => answerFilter(answers)({ title, text });
  it('compares as SQuAD does', () => {
    expect(holds(['The Beatles!'], 'songs of beatles')).toBe(true);
    expect(holds(['1,000'], 'about 1000 people')).toBe(true);
    expect(holds(['Anna Reed'], 'Anna Falk met Reed')).toBe(false);
  });
  it('looks into titles and into words', () => {
    expect(holds(['Selby'], 'a town', 'Selby')).toBe(true);
    expect(holds(['20%'], 'in 2004')).toBe(true);
  });
  it('takes answers that normalise to nothing as they are', () => {
    expect(holds(['A'], 'vitamin A')).toBe(true);
    expect(holds(['A'], 'Banana')).toBe(false);
  });
});
