import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tokenizer } from 'tokenizers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDocuments, readMdqaRows, readMusiqueRows, readSummhayRows, SourceError, writeMiniature } from '#activities/source/index.ts';
import { nounQuestion, pathsOf, spokenQuestion } from '#activities/source/miniature/chains.ts';
import { fittingWordings, sentence, withoutArticle, withPronoun } from '#activities/source/miniature/language.ts';
import { namesOf, nameSplit } from '#activities/source/miniature/names.ts';
import { miniatureWorld, World } from '#activities/source/miniature/world.ts';
import { seededRandom } from '#activities/random/seeded.ts';
import type { MdqaRow } from '#workflows/contracts/source.ts';
import { tinyTokenizer } from '../dataset/support.ts';
import { collect } from './support.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'needlework-miniature-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, seed: number, trainRows: number, testRows: number) {
  const outputDir = join(folder, name);
  await writeMiniature({ task: 'mdqa', seed, trainRows, testRows, outputDir });
  const [train, test] = (await Promise.all((['train only', 'test'] as const).map((split) => collect(readMdqaRows(outputDir, split))))) as [MdqaRow[], MdqaRow[]];
  return { train, test, outputDir };
}

describe('the language of the miniature', () => {
  it('writes sentences as people do', () => {
    expect(sentence('it was {y} who first founded the {x} .', { x: 'Amber Mill', y: 'Anna Reed' })).toBe('It was Anna Reed who first founded the Amber Mill.');
    expect(sentence('after years of work , {y} founded the {x} .', { x: 'Amber Mill', y: 'Anna Reed' })).toBe('After years of work, Anna Reed founded the Amber Mill.');
    expect(sentence(withPronoun('the {x} opened in {y} .'), { y: '1921' })).toBe('It opened in 1921.');
  });
  it('leaves symbols as they are', () => {
    expect(sentence(withoutArticle('the {x} was founded by {y} .'), { x: 'k3vq', y: 'x9ab' })).toBe('k3vq was founded by x9ab.');
    expect(sentence(withoutArticle('the {y} supplies the {x} .'), { x: 'k3vq', y: 'x9ab' })).toBe('x9ab supplies k3vq.');
  });
  it('says no "a orange"', () => {
    expect(fittingWordings(['of a {y} color .', 'painted {y} .'], 'orange')).toEqual(['painted {y} .']);
  });
});

describe('the texts of MDQA', () => {
  it('hold only words that the base of the quickstart knows as a whole, so none of those that lead from one organisation to another', async () => {
    const tokenizer = Tokenizer.fromFile(tinyTokenizer);
    const inPieces = async (text: string) => (await tokenizer.encode(text)).getTokens().filter((token) => token.startsWith('##') || token === '[UNK]');
    const { train, test } = await write('words', 3, 20, 20);
    const texts = [...train, ...test].flatMap(({ question, gold, distractors }) => [question, ...[gold, ...distractors].map(({ title, text }) => `${title} ${text}`)]);
    expect(await inPieces(texts.join('\n'))).toEqual([]);
    expect(await inPieces(sentence(miniatureWorld().relations.organisation.supplier!.plain.facts[2]!, { x: 'Amber Mill', y: 'Silver Mill' }))).not.toEqual([]);
  });
});

describe('questions of several hops', () => {
  const world = miniatureWorld();
  const path = [{ subjectType: 'organisation', relation: 'parent' }, { subjectType: 'organisation', relation: 'founder' }, { subjectType: 'person', relation: 'born' }] as const;

  it('lead from an organisation over another one and a person to a value', () => {
    expect(pathsOf(world, 3)).toHaveLength(2 * 3 * 3);
    expect(pathsOf(world, 2)).toHaveLength(3 * 3);
    expect(pathsOf(world, 3)).toContainEqual(path);
    for (const hops of [2, 3] as const) for (const links of pathsOf(world, hops)) expect(links.map(({ subjectType }) => subjectType)).toEqual(['organisation', ...(hops === 3 ? ['organisation'] : []), 'person']);
  });

  it('are asked in nouns, or as people ask', () => {
    expect(nounQuestion(world, path, 'Amber Mill', 'by name')).toBe('What is the birthplace of the founder of the parent of the Amber Mill?');
    expect(nounQuestion(world, path, 'k3vq', 'by symbol')).toBe('What is the birthplace of the founder of the parent of k3vq?');
    const random = seededRandom('spoken');
    const spoken = new Set(Array.from({ length: 300 }, () => spokenQuestion(random, world, path, 'Amber Mill')));
    // Three questions for a birthplace, two phrases for each of the hops before.
    expect(spoken.size).toBe(12);
    expect(spoken).toContain('Where was the person who founded the house that runs the Amber Mill born?');
  });

  it('need phrases for everything that a question can go on from', () => {
    const { phrases: _, ...founder } = world.relations.organisation.founder!;
    const lacking = { ...world, relations: { ...world.relations, organisation: { ...world.relations.organisation, founder } } };
    expect(World.safeParse(lacking).error?.issues.map(({ path: field }) => field.join('.'))).toEqual(['relations.organisation.founder.phrases']);
  });
});

describe('the names of the miniature', () => {
  it('belong to one split each, by the rule that the pretraining has too', () => {
    // Sum of the character codes: 7 × 520 ("amber") + 13 × 430 ("mill") = 9232.
    const codes = (word: string) => [...word].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
    const bucket = (codes('amber') * 7 + codes('mill') * 13) % 10;
    expect(nameSplit('amber', 'mill')).toBe(bucket < 6 ? 'pretraining' : bucket < 8 ? 'train' : 'test');
    const [pretraining, train, test] = (['pretraining', 'train', 'test'] as const).map((split) => new Set(namesOf(miniatureWorld(), split).organisations));
    expect((pretraining?.size ?? 0) + (train?.size ?? 0) + (test?.size ?? 0)).toBe(51 * 30);
    expect([...(train ?? [])].some((name) => test?.has(name) || pretraining?.has(name))).toBe(false);
  });
});

describe('the miniature source', () => {
  it('asks different questions, all answered in one sentence of the gold document and nowhere else', async () => {
    const { train, test } = await write('rows', 7, 150, 50);
    expect(new Set([...train, ...test].map(({ id }) => id)).size).toBe(200);
    for (const { question, answers: [answer = ''], gold, distractors, fact } of [...train, ...test]) {
      expect(fact?.value).toBe(answer);
      expect(question).toContain(fact?.subject);
      expect(question).toMatch(/^[A-Z].*[a-z0-9]\?$/);
      expect(gold.title).toBe(fact?.subject);
      expect(gold.text.split('. ').filter((text) => text.includes(answer))).toHaveLength(1);
      expect(gold.text).toMatch(/^[A-Z][^{}]*\.$/);
      expect(gold.text).not.toMatch(/ [.,?]/);
      for (const { title, text } of distractors) expect(`${title} ${text}`.toLowerCase()).not.toContain(answer.toLowerCase());
      expect(new Set([gold.title, ...distractors.map(({ title }) => title)]).size).toBe(distractors.length + 1);
      const words = gold.title.split(' ');
      expect(distractors.slice(0, 3).every(({ title }) => title.split(' ').some((word) => words.includes(word)))).toBe(true);
    }
  });

  it('shares no name between training and test', async () => {
    const { train, test } = await write('split', 3, 60, 60);
    const titles = (rows: MdqaRow[]) => rows.flatMap(({ gold, distractors }) => [gold.title, ...distractors.map(({ title }) => title)]);
    const seen = new Set(titles(train));
    expect(titles(test).filter((title) => seen.has(title))).toEqual([]);
  });

  it('is the same bytes every time, and its rows do not depend on how many there are', async () => {
    const [once, again, more, other] = [await write('a', 5, 20, 5), await write('b', 5, 20, 5), await write('c', 5, 40, 10), await write('d', 6, 20, 5)];
    for (const name of ['train.jsonl', 'test.jsonl', 'counts.json']) {
      expect(await readFile(join(once.outputDir, name), 'utf8')).toBe(await readFile(join(again.outputDir, name), 'utf8'));
    }
    expect(more.train.slice(0, 20)).toEqual(once.train);
    expect(other.train).not.toEqual(once.train);
  });

  it('says how many questions there are when asked for more', async () => {
    const asked = writeMiniature({ task: 'mdqa', seed: 0, trainRows: 1_000_000, testRows: 1, outputDir: join(folder, 'many') });
    await expect(asked).rejects.toThrow(SourceError);
    await expect(asked).rejects.toThrow(/trainRows: found 1000000, allowed: at most \d{4}/);
  });
});

describe.each([2, 3] as const)('the miniature as a source of MuSiQue, %i hops', (hops) => {
  const chains = async (name: string, seed: number, trainRows: number, testRows: number) => {
    const outputDir = join(folder, `${name}-${hops}`);
    await writeMiniature({ task: 'musique', hops, seed, trainRows, testRows, outputDir });
    return { train: await collect(readMusiqueRows(outputDir, 'train only')), test: await collect(readMusiqueRows(outputDir, 'test')) };
  };

  it('asks along chains of facts, each in a document of its own, and nothing around them names any link', async () => {
    const { train, test } = await chains('chains', 7, 60, 20);
    const rows = [...train, ...test];
    expect(new Set(rows.map(({ id }) => id)).size).toBe(80);
    for (const { question, answers, hops: links, supports, distractors } of rows) {
      const facts = links.map(({ fact }) => fact!);
      expect(facts).toHaveLength(hops);
      expect(question).toContain(facts[0]!.subject);
      expect(answers).toEqual([facts.at(-1)!.value]);
      for (const [at, { subject, value }] of facts.entries()) {
        expect(links[at]).toMatchObject({ answer: value, support: at });
        if (at > 0) expect(subject).toBe(facts[at - 1]!.value);
        expect(supports[at]!.title).toBe(subject);
        expect(supports[at]!.text).toContain(value);
        // What a question goes on from is not asked for in words.
        if (at > 0) expect(question).not.toContain(subject);
      }
      const named = facts.flatMap(({ subject, value }) => [subject, value]);
      for (const { title, text } of distractors) for (const name of named) expect(`${title} ${text}`.toLowerCase()).not.toContain(name.toLowerCase());
      expect(new Set([...supports, ...distractors].map(({ title }) => title)).size).toBe(hops + 75);
    }
    const inTriples = rows.filter(({ hops: links }) => links.every(({ triple }) => triple !== null));
    expect(inTriples.every(({ question }) => /^What is the \w+ of the \w+ of /.test(question))).toBe(true);
    expect(inTriples.length).toBeGreaterThan(14); // 32 expected, standard deviation 4
    expect(inTriples.length).toBeLessThan(50);
  });

  it('has another chain with the same relations among the first documents, from a like name', async () => {
    const { train } = await chains('like', 3, 20, 1);
    for (const { supports, distractors } of train) {
      const words = supports[0]!.title.split(' ');
      expect(distractors[0]!.title.split(' ').some((word) => words.includes(word))).toBe(true);
    }
  });

  it('is the same however many rows are asked for', async () => {
    const [few, more, other] = [await chains('few', 5, 8, 4), await chains('more', 5, 30, 9), await chains('other', 6, 8, 4)];
    expect(more.train.slice(0, 8)).toEqual(few.train);
    expect(more.test.slice(0, 4)).toEqual(few.test);
    expect(other.train).not.toEqual(few.train);
  });
});

it('writes further rows for conditions that do not take every question', async () => {
  for (const [task, read, further] of [['mdqa', readMdqaRows, 24], ['musique', readMusiqueRows, 24], ['summhay', readSummhayRows, 0]] as const) {
    const [outputDir, larger] = [join(folder, `further-${task}`), join(folder, `larger-${task}`)];
    expect(await writeMiniature({ task, seed: 5, trainRows: 12, testRows: 1, outputDir })).toMatchObject({ trainRows: 12, furtherRows: further });
    await writeMiniature({ task, seed: 5, trainRows: 36, testRows: 1, outputDir: larger });
    const all: object[] = await collect<object>(read(outputDir, 'train'));
    expect(all).toEqual((await collect<object>(read(larger, 'train only'))).slice(0, 12 + further));
  }
});

describe('the miniature as a source of SummHay', () => {
  const statements = async (name: string, seed: number, trainRows: number, testRows: number) => {
    const outputDir = join(folder, `statements-${name}`);
    const summary = await writeMiniature({ task: 'summhay', seed, trainRows, testRows, outputDir });
    return { summary, train: await collect(readSummhayRows(outputDir, 'train')), test: await collect(readSummhayRows(outputDir, 'test')), documents: await readDocuments(outputDir) };
  };

  it('states each insight in exactly two documents of its topic, in other words each time', async () => {
    const { train, test, documents, summary } = await statements('all', 7, 700, 60);
    // Fifty-nine topics of twelve, and five.
    expect(summary).toMatchObject({ trainRows: 700, testRows: 60, poolPassages: 64 * 12 });
    expect(new Set([...train, ...test].map(({ fact }) => `${fact!.subject} ${fact!.relation}`)).size).toBe(760);
    const byTopic = Map.groupBy(documents, ({ topic }) => topic);
    for (const { id, topic, insight, fact } of [...train, ...test]) {
      const own = byTopic.get(topic)!;
      expect(own).toHaveLength(12);
      const naming = own.filter(({ text }) => text.includes(fact!.subject));
      expect(naming.map((document) => document.id)).toEqual(own.filter(({ insights }) => insights.includes(id.split('/')[1]!)).map((document) => document.id));
      expect(naming).toHaveLength(2);
      const said = naming.map(({ text }) => text.split(/(?<=\.) /).find((sentence) => sentence.includes(fact!.subject))!);
      for (const text of [insight, ...said]) expect(text).toContain(fact!.value);
      expect(new Set([insight, ...said]).size).toBe(3);
    }
  });

  it('shares no name between training and test, and is the same however many rows are asked for', async () => {
    const [few, more, other] = [await statements('few', 5, 20, 8), await statements('more', 5, 40, 30), await statements('other', 6, 20, 8)];
    expect(more.train.slice(0, 20)).toEqual(few.train);
    expect(more.test.slice(0, 8)).toEqual(few.test);
    const known = new Set(few.documents.map(({ id }) => id));
    expect(more.documents.filter(({ id }) => known.has(id))).toEqual(few.documents);
    expect(other.train).not.toEqual(few.train);
    const names = (split: 'train' | 'test') => new Set(namesOf(miniatureWorld(), split).organisations);
    for (const { fact } of more.train) expect(names('train').has(fact!.subject)).toBe(true);
    for (const { fact } of more.test) expect(names('test').has(fact!.subject)).toBe(true);
  });

  it('says how many statements there are when asked for more', async () => {
    await expect(writeMiniature({ task: 'summhay', seed: 0, trainRows: 1, testRows: 9999, outputDir: join(folder, 'many') })).rejects.toThrow(/testRows: found 9999, allowed: at most 2376/);
  });
});
