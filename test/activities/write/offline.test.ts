/** The templates that stand in for an LLM: what they write passes the checks that an LLM's replies must pass. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '#activities/random/seeded.ts';
import { answerOccurrences } from '#activities/source/index.ts';
import { sharedWords, words } from '#activities/write/checks.ts';
import { expand } from '#activities/write/offline/expand.ts';
import { offlineReply } from '#activities/write/offline/index.ts';
import { readAsked, readPlain, readSentences, readTitled } from '#activities/write/reply.ts';

const seed = fc.integer({ min: 0, max: 1e9 });
const value = <T>(read: { value: T } | { fault: string }): T => {
  if ('fault' in read) throw new Error(read.fault);
  return read.value;
};
const stated = (text: string, name: string) => answerOccurrences(text, [name]).length > 0;

describe('a template', () => {
  it('is written with one part of each choice, no gaps, and the article that fits', () => {
    const all = new Set(Array.from({ length: 40 }, (_, n) => expand('{It|This {was|is}} a $thing{, {} old|}.', seededRandom(n), () => 'opera')));
    expect([...all].sort()).toEqual(['It an opera, old.', 'It an opera.', 'This is an opera, old.', 'This is an opera.', 'This was an opera, old.', 'This was an opera.']);
  });
  it('without its last brace is an error', () => {
    expect(() => expand('It {was', seededRandom(0))).toThrow(/a brace is not closed/);
  });
});

it('made-up paragraphs (A.2) name both entities, state their answer, and do not give it away', () => {
  fc.assert(
    fc.property(seed, (n) => {
      const reply = offlineReply('A.2', { entity: 'QXRT, BCDF' }, seededRandom('paragraph', n));
      const { title, text, question, answer } = value(readAsked(reply));
      expect(['QXRT', 'BCDF', answer].every((name) => stated(text, name))).toBe(true);
      expect(stated(question, 'QXRT')).toBe(true);
      expect(stated(`${title}\n${question}`, answer)).toBe(false);
      expect(words(answer)).toBeLessThanOrEqual(3);
      expect(words(text)).toBeGreaterThanOrEqual(80);
      expect(words(text)).toBeLessThanOrEqual(130);
      expect(`${text} ${question}`).not.toMatch(/[${}|]|\ba [aeio]| {2}/);
      expect(offlineReply('A.2', { entity: 'QXRT, BCDF' }, seededRandom('paragraph', n))).toBe(reply);
    }),
    { numRuns: 400 },
  );
});

it('paragraphs of the haystack (A.4) have five sentences and name what they are about, a short name as well', () => {
  fc.assert(
    fc.property(seed, fc.constantFrom('QXRT', 'Columbia County, Oregon', 'O', 'Spring', '1984'), (n, about) => {
      const { title, text } = value(readTitled(offlineReply('A.4', { fake_entities: about }, seededRandom('haystack', n))));
      expect(stated(`${title}\n${text}`, about)).toBe(true);
      // "… of O." is read as an initial.
      if (about !== 'O') expect(value(readSentences(text))).toHaveLength(5);
      expect(words(text)).toBeGreaterThanOrEqual(75);
    }),
    { numRuns: 300 },
  );
});

it('paragraphs are of many kinds: few runs of four words come twice', () => {
  const texts = Array.from({ length: 200 }, (_, n) => value(readAsked(offlineReply('A.2', { entity: 'QXRT, BCDF' }, seededRandom('diversity', n)))).text);
  const runs = new Set<string>();
  let count = 0;
  for (const text of texts) {
    const all = text.toLowerCase().match(/[\p{L}\p{N}'’-]+/gu) ?? [];
    count += all.length;
    for (let at = 0; at + 4 <= all.length; at += 1) runs.add(all.slice(at, at + 4).join(' '));
  }
  expect((1000 * runs.size) / count).toBeGreaterThan(500);
});

it('statements (A.1, A.3) hold the question’s names and the answer', () => {
  const question = fc.constantFrom('who wrote the song QXRT', 'who is the mayor of QXRT', 'what is QXRT called in BCDF', 'when did QXRT come to BCDF', 'where is the $1 {000} bill of QXRT printed', 'who sings oh what a night QXRT');
  fc.assert(
    fc.property(question, fc.constantFrom('WXYZ', 'Fructose, or fruit sugar', '$100'), seed, (asked, answer, n) => {
      const text = value(readPlain(offlineReply('A.1', { sentence: '', question: asked, answer }, seededRandom('statement', n))));
      for (const name of [answer, ...(asked.match(/[A-Z]{4}/g) ?? [])]) expect(stated(text, name)).toBe(true);
      const fact = value(readTitled(offlineReply('A.3', { fake_entities: `${asked} >> ${answer}` }, seededRandom('fact', n))));
      for (const name of [answer, ...(asked.match(/[A-Z]{4}/g) ?? [])]) expect(stated(fact.text, name)).toBe(true);
    }),
    { numRuns: 200 },
  );
  const said = new Set(Array.from({ length: 50 }, (_, n) => offlineReply('A.1', { sentence: '', question: 'who wrote the song QXRT', answer: 'WXYZ' }, seededRandom(n)).split('.')[0]));
  expect(said).toContain('It was WXYZ who wrote the song QXRT');
  expect(offlineReply('A.3', { fake_entities: 'QXRT >> located in >> WXYZ' }, seededRandom(3))).toMatch(/(?:recorded|entered|listed) as located in WXYZ|is located in WXYZ|that QXRT is said to be located in/);
});

describe('other words (A.5)', () => {
  const other = (text: string, n = 0) => value(readPlain(offlineReply('A.5', { text }, seededRandom('other', n))));
  const any = (text: string) => Array.from({ length: 30 }, (_, n) => other(text, n)).join('\n');

  it('put clauses in another order', () => {
    expect(any('Because the river rose in May, the mill of Oakton was closed.')).toMatch(/[Tt]he mill of Oakton was closed because the river rose in May/);
    expect(any('In 1998, Oakton sold its mill to the town.')).toMatch(/Oakton sold its mill to the town in 1998/);
    expect(any('The doctor explains that Oakton has many wells.')).toMatch(/Oakton has (?:many|numerous) wells, as the doctor explains/);
    expect(any('The mill of Oakton was closed for a year, showing how poor it was.')).toMatch(/[Ss]howing how poor it was, the mill of Oakton was closed for a year/);
  });

  it('keep names, numbers and quotations', () => {
    const text = 'However, Anna Reed often saw the 3 mills of Oakton in 1998, because "many are such as these" was said by her. Several people of New York called them Mill 7.';
    fc.assert(
      fc.property(seed, (n) => {
        const said = other(text, n);
        for (const name of ['Anna Reed', '3', 'Oakton', '1998', '"many are such as these"', 'New York', 'Mill 7']) expect(said).toContain(name);
        expect(said).not.toContain(text);
      }),
      { numRuns: 100 },
    );
  });
});

describe('simpler words (A.6) and several sentences (A.7)', () => {
  it('leave details out', () => {
    const said = new Set(Array.from({ length: 20 }, (_, n) => offlineReply('A.6', { sentence: 'In 1998, the old mill of Oakton (a town) was sold to Anna Reed, which also surprised many people because she was poor.' }, seededRandom(n))));
    expect([...said].sort()).toEqual(['The old mill of Oakton was sold to Anna Reed, which surprised many people.', 'The old mill of Oakton was sold to Anna Reed.']);
  });

  it('break a statement up where it has joints', () => {
    const said = value(readSentences(offlineReply('A.7', { text: 'The old mill of Oakton was sold to Anna Reed, which surprised many people because she was known to be poor.' }, seededRandom(1))));
    expect(said).toHaveLength(3);
    expect(said[0]).toBe('The old mill of Oakton was sold to Anna Reed.');
    expect(said[1]).toMatch(/^Th(?:is|at) surprised many people\.$/);
    expect(said[2]).toMatch(/she was known to be poor\.$/);
    expect(value(readSentences(offlineReply('A.7', { text: 'One doctor explains that the town of Oakton has seven wells.' }, seededRandom(1))))[1]).toBe('The town of Oakton has seven wells.');
  });

  const topics = fileURLToPath(new URL('../../../../shared/data/summhay', import.meta.url));
  it.skipIf(!existsSync(topics))('hold for every insight of the benchmark (needs ../shared)', () => {
    const insights = globSync(`${topics}/topic_*.json.gz`).sort().flatMap((file) => (JSON.parse(gunzipSync(readFileSync(file)).toString()) as { subtopics: { insights: { insight: string }[] }[] }).subtopics.flatMap((subtopic) => subtopic.insights.map(({ insight }) => insight)));
    expect(insights.length).toBeGreaterThan(400);
    for (const insight of insights) {
      const random = seededRandom('insight', insight);
      const [high, low] = [value(readPlain(offlineReply('A.5', { text: insight }, random))), value(readPlain(offlineReply('A.6', { sentence: insight }, random)))];
      expect(words(low)).toBeLessThanOrEqual(words(insight));
      for (const [statement, fewest] of [[high, 2], [low, 1]] as const) {
        expect(sharedWords(insight, statement)).toBeGreaterThanOrEqual(0.15);
        const said = value(readSentences(offlineReply('A.7', { text: statement }, random)));
        expect(said.length).toBeGreaterThanOrEqual(fewest);
        expect(said.length).toBeLessThanOrEqual(12);
        expect(new Set(said).size).toBe(said.length);
        for (const sentence of said) expect(words(sentence) >= 3 && sharedWords(sentence, statement) > 0, `"${sentence}" of "${statement}"`).toBe(true);
        expect(sharedWords(said.join(' '), statement)).toBeGreaterThanOrEqual(0.6);
      }
    }
  });
});
