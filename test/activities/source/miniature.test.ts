import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMdqaRows, SourceError, writeMiniature } from '#activities/source/index.ts';
import { fittingWordings, sentence, withoutArticle, withPronoun } from '#activities/source/miniature/language.ts';
import { namesOf, nameSplit } from '#activities/source/miniature/names.ts';
import { miniatureWorld } from '#activities/source/miniature/world.ts';
import type { MdqaRow } from '#workflows/contracts/source.ts';
import { collect } from './support.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'needlework-miniature-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, seed: number, trainRows: number, testRows: number) {
  const outputDir = join(folder, name);
  await writeMiniature({ seed, trainRows, testRows, outputDir });
  const [train, test] = (await Promise.all((['train', 'test'] as const).map((split) => collect(readMdqaRows(outputDir, split))))) as [MdqaRow[], MdqaRow[]];
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
  });
  it('says no "a orange"', () => {
    expect(fittingWordings(['of a {y} color .', 'painted {y} .'], 'orange')).toEqual(['painted {y} .']);
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
    const asked = writeMiniature({ seed: 0, trainRows: 1_000_000, testRows: 1, outputDir: join(folder, 'many') });
    await expect(asked).rejects.toThrow(SourceError);
    await expect(asked).rejects.toThrow(/trainRows: found 1000000, allowed: at most \d{4}/);
  });
});
