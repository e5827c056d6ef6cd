import { describe, expect, test } from 'vitest';
import { answerTokens, citationF1, citationMatch, exactMatch, scorePredictions, tokenF1 } from '#activities/analysis/index.ts';

describe('SQuAD normalisation', () => {
  test.each([
    ['The Eiffel Tower.', ['eiffel', 'tower']],
    ['  an  apple\ta\nday ', ['apple', 'day']],
    ["O'Neill-Smith", ['oneillsmith']],
    ['theatre', ['theatre']],
    // "é" is a letter, so no article stands here; JavaScript's own \b would find one.
    ['thé aé', ['thé', 'aé']],
    ['Ａ の', ['ａ', 'の']],
    ['', []],
    ['The', []],
    ['?!', []],
  ])('%j → %j', (text, tokens) => expect(answerTokens(text)).toEqual(tokens));
});

describe('token F1', () => {
  test.each([
    // By hand: common 1, precision 1/2, recall 1 → 2·(1/2·1)/(3/2) = 2/3.
    ['Paris France', ['Paris'], 2 / 3],
    ['the Paris!', ['paris'], 1],
    ['London', ['Paris'], 0],
    // Best over aliases: "new york city" shares 2 of 3, "nyc" none.
    ['New York', ['NYC', 'New York City'], 0.8],
    // Repeats count as often as the other side has them: common 1, precision 1/3, recall 1/2.
    ['ha ha ha', ['ha he'], 0.4],
    // Order does not matter to F1.
    ['York New', ['New York'], 1],
    ['', ['Paris'], 0],
    ['the', ['a'], 1],
    ['__proto__ constructor', ['constructor'], 2 / 3],
  ])('%j against %j is %d', (prediction, answers, f1) => expect(tokenF1(prediction, answers)).toBeCloseTo(f1, 12));

  test('refuses an example without answers', () => expect(() => tokenF1('x', [])).toThrow(/answers/));
});

test('exact match asks for the same tokens in the same order', () => {
  expect(exactMatch('The Beatles.', ['beatles'])).toBe(1);
  expect(exactMatch('York New', ['New York'])).toBe(0);
  expect(exactMatch('b', ['a b', 'c'])).toBe(1);
  expect(() => exactMatch('x', [])).toThrow(/answers/);
});

describe('citation F1', () => {
  test.each([
    ['[24][27]', ['[24][27]'], 1],
    ['[27][24]', ['[24][27]'], 1],
    ['24 and 27', ['[24][27]'], 1],
    ['[24][24]', ['[24][27]'], 2 / 3],
    // Precision 1/3, recall 1/2.
    ['[1][2][24]', ['[24][27]'], 0.4],
    ['[2][4]', ['[24]'], 0],
    ['none', ['[24][27]'], 0],
  ])('%j against %j is %d', (prediction, answers, f1) => {
    expect(citationF1(prediction, answers)).toBeCloseTo(f1, 12);
    expect(citationMatch(prediction, answers)).toBe(f1 === 1 ? 1 : 0);
  });

  test('is the metric of SummHay Citation', () => {
    const cited = { id: 'c', text: '[27][1]', tokenIds: [], stoppedBy: 'eos' as const };
    expect(scorePredictions([{ id: 'c', task: 'summhay', answers: ['[24][27]'] }], [cited])).toMatchObject({ f1: 0.5, exactMatch: 0 });
  });
});

describe('metrics of predictions', () => {
  const examples = [
    { id: 'q1', task: 'mdqa' as const, answers: ['Paris'] },
    { id: 'q2', task: 'musique' as const, answers: ['New York City', 'NYC'] },
  ];
  const prediction = (id: string, text: string) => ({ id, text, tokenIds: [], stoppedBy: 'eos' as const });

  test('means and per-example values, in order', () => {
    expect(scorePredictions(examples, [prediction('q1', 'paris'), prediction('q2', 'New York')])).toEqual({
      examples: 2,
      f1: 0.9,
      exactMatch: 0.5,
      perExample: [
        { id: 'q1', f1: 1, exactMatch: 1 },
        { id: 'q2', f1: 0.8, exactMatch: 0 },
      ],
    });
  });

  test('refuses predictions of other examples', () => {
    expect(() => scorePredictions(examples, [prediction('q1', '')])).toThrow(/2 expected.*found 1/);
    expect(() => scorePredictions(examples, [prediction('q2', ''), prediction('q1', '')])).toThrow(/predictions\[0\]\.id: expected "q1".*found "q2"/);
    expect(() => scorePredictions([], [])).toThrow(/examples/);
  });
});
