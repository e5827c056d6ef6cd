import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SymbolDraw } from '#activities/dataset/symbols.ts';
import { seededRandom } from '#activities/random/seeded.ts';
import { answerOccurrences, readJsonLines, Tally } from '#activities/source/index.ts';
import { NqOpenRow, normaliseRow } from '#activities/source/nq-open/normalise-row.ts';
import { symbolised } from '#activities/write/mdqa/needles.ts';
import { namesIn } from '#activities/write/names/capitalised.ts';
import { KnownNames } from '#activities/write/names/known-names.ts';
import { nameKey, Symbols } from '#activities/write/names/symbols.ts';
import { wordsOf } from '#activities/write/names/words.ts';
import { NO_SYMBOL, TOPIC_SYMBOL } from '#activities/write/notes.ts';
import type { MdqaRow, Passage } from '#workflows/contracts/source.ts';
import { realQuestions } from '../dataset/support.ts';

/** Symbols in order: AAAA, BBBB, … */
const counted = () => {
  let next = 0;
  return () => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.charAt(next++).repeat(4);
};
const passage = (title: string, text: string): Passage => ({ title, text });
const names = async (question: string, own: Passage[], others: Passage[] = []) => (await KnownNames.of([question], [...own, ...others])).in([question], own);

it('names in capitals are capitalised words in a row, with small words inside, but no words that begin sentences', () => {
  expect(namesIn('The Commission of Truth and Friendship met in Dili. It was led by Ana Pessoa’s aide.')).toEqual(['Commission of Truth and Friendship', 'Ana Pessoa', 'Dili']);
});

describe('words', () => {
  it('are compared without case, accents, apostrophes and full stops', () => {
    expect(wordsOf('The U.S. loves Beyoncé’s “Halo” & J. Cole').map(({ form }) => form)).toEqual(['the', 'u.s', 'loves', 'beyonces', 'halo', 'and', 'j', 'cole']);
    expect(wordsOf('Beyoncé’s')[0]).toMatchObject({ base: 'beyonce', start: 0, baseEnd: 7, end: 9 });
  });

  it('tell the country from the pronoun', () => {
    expect(wordsOf('how many us states keep us alive').map(({ form }) => form).filter((form) => /^u\.?s$/.test(form))).toEqual(['u.s', 'us']);
  });

  it('begin sentences behind full stops, but not behind those of abbreviations', () => {
    const opening = (text: string) => wordsOf(text).filter(({ opens }) => opens).map(({ form }) => form);
    expect(opening('It was St. Louis. There Mr. Reed lived, they say: Alone.')).toEqual(['it', 'there']);
  });
});

describe('names that a question in lower case gives', () => {
  it('are those of the passage that answers it, whatever their case and punctuation', async () => {
    expect(await names('who got the first nobel prize in physics', [passage('List of Nobel laureates in Physics', 'The first Nobel Prize in Physics went to Wilhelm.')], [passage('Nobel Prize in Physics', 'It is old.')])).toEqual(['nobel prize in physics']);
    expect(await names('who wrote goodbye mr chips', [passage('Goodbye, Mr. Chips', 'It is a novella.')])).toEqual(['goodbye mr chips']);
    expect(await names('who plays in greys anatomy', [passage("Flight (Grey's Anatomy)", 'It is an episode.')])).toEqual(['greys anatomy']);
    expect(await names("who hosts ellen's show", [passage('Talk', 'There Ellen talks.')])).toEqual(['ellen']);
  });

  it('are its title in nearly the same words, but no words that the title skips', async () => {
    expect(await names('when was outlaw of josey wales made', [passage('The Outlaw Josey Wales', 'It is a film.')])).toEqual(['outlaw of josey wales']);
    expect(await names('who was governor of the city', [passage('Governor of Vatican City', 'The office was one of a city.')])).toEqual([]);
  });

  it('are its whole title in lower case, too', async () => {
    expect(await names('where does the optic nerve end', [passage('Optic nerve', 'The optic nerve is a nerve.')])).toEqual(['optic nerve']);
  });

  it('are those that all passages write with capitals more often than not', async () => {
    const others = [passage('', 'It is led by the FBI today. When the FBI came, no seat was free.'), passage('', 'They saw the Head of it. His head was red, her head as well.')];
    expect(await names('who does the head of the fbi report to', [passage('', 'Nothing of it.')], others)).toEqual(['fbi']);
  });

  it('are not two names with a word between them, unless a title joins them', async () => {
    const text = passage('', 'He was seen as Yoda in Star Wars, so Yoda in Star Wars it was. There Yoda came.');
    expect(await names('who plays yoda in star wars', [text])).toEqual(['yoda', 'star wars']);
    expect(await names('who plays alice in wonderland', [passage('Alice in Wonderland', 'It was told.')])).toEqual(['alice in wonderland']);
  });

  it('take the number behind them along, but no year', async () => {
    const text = passage('', 'They won the Super Bowl. Again the Super Bowl was theirs.');
    expect(await names('who won super bowl 51', [text])).toEqual(['super bowl 51']);
    expect(await names('who won super bowl 2017', [text])).toEqual(['super bowl']);
  });

  it('are no words that the texts have in lower case, no months, and never the whole question', async () => {
    expect(await names('when does the young nerve cross in june', [passage('', 'There Young met Does. A young nerve does cross in June, and June is young.')])).toEqual([]);
    expect(await names('gone with wind', [passage('Gone with Wind', 'It is a film.')])).not.toContain('gone with wind');
  });
});

const word = fc.constantFrom('who', 'saw', 'the', 'oakton', 'mill', 'anna', 'reed', 'of', 'elm', 'bridge', 'in', 'old', "elm's", '51', 'and', 'Oakton', 'u.s.');
const sentence = fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => words.join(' '));

describe('symbols', () => {
  it('stand for names in any case and punctuation, longer ones first, and nothing else is changed', () => {
    const symbols = new Symbols(counted());
    for (const name of ['oakton', 'oakton mill', "harper's ferry"]) symbols.ofName(nameKey(wordsOf(name)));
    expect(symbols.write("who saw oakton mill near Oakton's hill, not Oaktons; at HARPERS FERRY?")).toBe("who saw BBBB near AAAA's hill, not Oaktons; at CCCC?");
  });

  it('are one for all forms of an answer, and for a name with and without its article', () => {
    const symbols = new Symbols(counted());
    expect([symbols.ofForms(['Anna Reed', 'Reed']), symbols.ofName('anna reed'), symbols.ofName('the flash'), symbols.ofName('flash')]).toEqual(['AAAA', 'AAAA', 'BBBB', 'BBBB']);
    expect(symbols.write('did anna reed or Reed see the flash and a flash')).toBe('did AAAA or AAAA see BBBB and a BBBB');
  });
});

it('symbols stand each for one name, names have each one symbol, and all else is unchanged', () => {
  const keys = fc.array(fc.array(word, { minLength: 1, maxLength: 3 }), { maxLength: 6 });
  fc.assert(
    fc.property(keys, fc.uniqueArray(fc.constantFrom('Anna Reed', 'Reed', '51', 'Old Mill'), { maxLength: 2 }), sentence, (names, answers, text) => {
      const draw = new SymbolDraw(seededRandom('property'), 'capitals');
      const symbols = new Symbols(() => draw.next());
      const answer = answers.length > 0 ? symbols.ofForms(answers) : null;
      for (const found of names) symbols.ofName(nameKey(wordsOf(found.join(' '))));
      const [written, replaced] = [symbols.write(text), symbols.replacedIn(text)];
      expect(answerOccurrences(written, answers)).toEqual([]);
      const meanings = new Map<string, string>();
      let at = 0;
      const back = written.replace(/[BCDFGHJKLMNPQRSTVWXZ]{4}/g, (symbol) => {
        const stood = replaced[at++]!;
        const name = nameKey(wordsOf(stood)).replace(/^(?:the|a|an) /, '');
        if (symbol !== answer) expect(meanings.get(symbol) ?? name).toBe(name);
        meanings.set(symbol, name);
        return stood;
      });
      expect(back).toBe(text);
      expect(at).toBe(replaced.length);
      const others = [...meanings].filter(([symbol]) => symbol !== answer).map(([, name]) => name);
      expect(new Set(others).size).toBe(others.length);
    }),
    { numRuns: 500 },
  );
});

describe('a question of low expression', () => {
  const row = (question: string, title: string, text: string, answers: string[] = ['Reed']): MdqaRow => ({ id: 'q', question, answers, gold: { title, text }, distractors: [] });
  const low = async (given: MdqaRow) => symbolised(given, new SymbolDraw(seededRandom('low'), 'capitals'), await KnownNames.of([given.question], [given.gold]));

  it('that gives no name has a symbol for its most specific noun phrase, which is counted', async () => {
    const { question, asked, note } = await low(row('when did they replace lead with graphite in pencils', 'Pencil', 'A pencil is for writing. Reed made pencils.'));
    expect(question).toMatch(/^when did they replace lead with graphite in [A-Z]{4}$/);
    expect(asked).toHaveLength(1);
    expect(note).toBe(TOPIC_SYMBOL);
  });

  it('in which nothing can be replaced stays as it is, which is counted', async () => {
    expect(await low(row('who was it then', 'Pencil', 'Reed it was.'))).toMatchObject({ question: 'who was it then', asked: [], note: NO_SYMBOL });
  });

  const name = fc.constantFrom('Oakton', 'Oakton Mill', 'Elm', 'Anna Reed', 'Elm Bridge of Oakton', 'Old Elm');
  const rows = fc.record({ question: sentence, title: name, found: fc.array(name, { maxLength: 4 }), answers: fc.uniqueArray(fc.constantFrom('Anna Reed', 'Reed', 'Elm', '51', 'Old Mill'), { minLength: 1, maxLength: 3 }) })
    .map(({ question, title, found, answers }) => row(question, title, `There ${[...found, ...answers].join(', so ')} came.`, answers));

  it('never states its answer, and is the same each time', async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        const [first, again] = [await low(given), await low(given)];
        expect(again).toEqual(first);
        expect(answerOccurrences(first.question, given.answers)).toEqual([]);
        expect(first.asked).not.toContain(first.answer);
      }),
      { numRuns: 300 },
    );
  });
});

it.skipIf(!existsSync(realQuestions))('of real questions, four in five have a symbol for a name, and hardly one has none at all (needs ../shared)', async () => {
  const rows: MdqaRow[] = [];
  for await (const { value } of readJsonLines(NqOpenRow, realQuestions)) {
    const row = normaliseRow(value, new Tally());
    if (typeof row !== 'string') rows.push(row);
  }
  rows.length = 150;
  const known = await KnownNames.of(rows.map(({ question }) => question), rows.flatMap(({ gold, distractors }) => [gold, ...distractors]));
  const draw = new SymbolDraw(seededRandom('real'), 'capitals');
  const lows = rows.map((row) => symbolised(row, draw, known));
  for (const [at, { question, answer, asked, note }] of lows.entries()) {
    expect(answerOccurrences(question, rows[at]!.answers)).toEqual([]);
    if (note === null) expect(asked.length > 0 || question.includes(answer), rows[at]!.question).toBe(true);
  }
  const share = (which: string | null) => lows.filter(({ note }) => note === which).length / lows.length;
  expect(share(null)).toBeGreaterThan(0.8);
  expect(share(NO_SYMBOL)).toBeLessThan(0.01);
  const low = (question: string) => lows[rows.findIndex((row) => row.question === question)]?.question;
  expect(low('who got the first nobel prize in physics')).toMatch(/^who got the first [A-Z]{4}$/);
});
