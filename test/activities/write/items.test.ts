/** What is written for each task, by a writer whose replies the tests choose, and by the templates. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readJsonLines } from '#activities/source/index.ts';
import type { Asker } from '#infra/llm/index.ts';
import { llmSource, offlineSource, type Source, Unwritable, Writer } from '#activities/write/ask.ts';
import { itemsOf } from '#activities/write/items.ts';
import { writeItems } from '#activities/write/write-items.ts';
import { symbolicChain, textsOf } from '#activities/write/musique/chain.ts';
import { chainFault } from '#activities/write/musique/needles.ts';
import { KnownNames } from '#activities/write/names/known-names.ts';
import { requestOf, writingParams } from '#activities/write/params.ts';
import { SymbolDraw } from '#activities/dataset/symbols.ts';
import { seededRandom } from '#activities/random/seeded.ts';
import type { MusiqueRow } from '#workflows/contracts/source.ts';
import type { Task } from '#workflows/contracts/experiment.ts';
import { type Expression, type Written, WritingCounts, WrittenNeedles, WrittenPassage } from '#workflows/contracts/writing.ts';
import { emptyFolder } from '../dataset/support.ts';
import { smallSource } from './support.ts';

type Reply = Awaited<ReturnType<Source>>;
const replying = (text: string | ((id: string, slots: Readonly<Record<string, string>>, attempt: number) => string | Partial<Reply>)): { source: Source; asked: { id: string; slots: Readonly<Record<string, string>>; attempt: number }[] } => {
  const asked: { id: string; slots: Readonly<Record<string, string>>; attempt: number }[] = [];
  return {
    asked,
    source: async (id, slots, attempt) => {
      asked.push({ id, slots, attempt });
      const said = typeof text === 'string' ? text : text(id, slots, attempt);
      return { text: '', finishReason: 'stop', refusal: null, usage: { promptTokens: 10, completionTokens: 5 }, estimated: false, asked: true, paid: true, ...(typeof said === 'string' ? { text: said } : said) };
    },
  };
};

async function write(task: Task, what: Written, expression: Expression, source: Source = offlineSource(0), { lowFacts = 'template' as 'template' | 'A.3', atOnce = 3, passages = 4 } = {}) {
  const [sourceDir, outputDir] = [await emptyFolder(), await emptyFolder()];
  await smallSource(task, sourceDir);
  const items = itemsOf({ task, what, expression, sourceDir, passages, lowFacts, seed: 0 });
  const counts = await writeItems(items, { writer: new Writer(source, 3), writerName: 'test', atOnce, outputDir, rows: 8, dollars: (input, output) => input + output });
  const needles: WrittenNeedles[] = [];
  const found: WrittenPassage[] = [];
  if ('needles' in items) for await (const { value } of readJsonLines(WrittenNeedles, join(outputDir, 'needles.jsonl'))) needles.push(value);
  else for await (const { value } of readJsonLines(WrittenPassage, join(outputDir, 'passages.jsonl'))) found.push(value);
  return { counts, needles, passages: found };
}

describe('a text that does not fit', () => {
  it('is asked for again, and its row dropped and counted after the last attempt', async () => {
    const { source, asked } = replying((_, { answer = '', question = '' }, attempt) => {
      if (question.includes('Oakton3')) return { refusal: 'no' };
      return attempt === 0 ? 'A sentence that leaves out what it should say.' : `It is told in many books that ${answer} did it.`;
    });
    const { counts, needles } = await write('mdqa', 'needles', 'high', source);
    expect(counts).toEqual({
      writer: 'test', asked: 8, written: 7, calls: 7 * 2 + 3, promptTokens: 170, completionTokens: 85, dollars: 255,
      refused: { 'A.1: refused': 3, 'A.1: without the answer': 7 },
      dropped: { 'A.1: refused': 1 },
    });
    expect(needles.map(({ id }) => id)).toEqual(['q0', 'q1', 'q2', 'q4', 'q5', 'q6', 'q7']);
    expect(asked.filter(({ attempt }) => attempt === 2)).toHaveLength(1);
  });

  it('says of how many calls the tokens are estimated', async () => {
    const { source } = replying((_, { answer = '', question = '' }) => ({ text: `It is told in many books that ${answer} did it.`, estimated: question.includes('Oakton3') }));
    expect((await write('mdqa', 'needles', 'high', source)).counts).toMatchObject({ calls: 8, estimated: 1 });
  });
});

describe('a text that is used but to be known of', () => {
  it('is counted once it is written', async () => {
    const outputDir = await emptyFolder();
    const item = (id: string, note: string | null, ok = true) => ({ id, row: 1, note, write: async () => {
      if (!ok) throw new Unwritable('no');
      return { of: id, title: '', text: id };
    } });
    async function* items() {
      yield* [item('a', 'odd'), item('b', null), item('c', 'odd'), item('d', 'odd', false), item('e', 'other')];
    }
    const counts = await writeItems({ passages: items() }, { writer: new Writer(offlineSource(0), 3), writerName: 'w', atOnce: 2, outputDir, rows: 1, dollars: () => 0 });
    expect(counts).toMatchObject({ asked: 5, written: 4, dropped: { no: 1 }, noted: { odd: 2, other: 1 } });
    expect(WritingCounts.parse(JSON.parse(await readFile(join(outputDir, 'counts.json'), 'utf8')))).toEqual(counts);
  });
});

describe('MDQA', () => {
  it('asks under low expression in symbols, none of which stands for two things', async () => {
    const { source, asked } = replying((_, { question = '', answer = '' }) => `Old books that ask ${question} say that it is ${answer} alone.`);
    const { needles } = await write('mdqa', 'needles', 'low', source);
    const symbols = needles.flatMap(({ question, answers }) => [...question.match(/[A-Z]{4}/g)!, ...answers]);
    expect(new Set(symbols).size).toBe(symbols.length);
    expect(needles[0]!.question).toMatch(/^who founded the mill of [A-Z]{4}$/);
    expect(JSON.stringify(asked)).not.toContain('Oakton');
    expect(JSON.stringify(asked)).not.toContain('Reed');
  });

  it('refuses a needle that leaves a symbol of the question out, or names what it stands for', async () => {
    const { counts } = await write('mdqa', 'needles', 'low', replying((_, { answer = '' }, attempt) => (attempt === 0 ? `It is ${answer}, as everybody knows.` : `Reed1x is ${answer}, as everybody knows.`)).source);
    expect(counts.refused['A.1: without a symbol of the question']).toBeGreaterThan(0);
    expect(counts.written).toBe(0);
  });

  it('paraphrases every passage once, and finds it by its text', async () => {
    const { passages, counts } = await write('mdqa', 'passages', 'high');
    expect(new Set(passages.map(({ of }) => of)).size).toBe(passages.length);
    expect(counts.asked).toBe(passages.length);
  });

  it('has a paragraph made up for each row, with enough others for a context', async () => {
    const { needles } = await write('mdqa', 'paragraphs', 'low', offlineSource(0), { passages: 12 });
    expect(needles.map(({ id }) => id).slice(0, 9)).toEqual(['q0', 'q1', 'q2', 'q3', 'q4', 'q5', 'q6', 'q7', 'extra-8']);
    expect(needles).toHaveLength(13);
    for (const { titles, question, answers, needles: [text] } of needles) {
      expect(text).toContain(answers[0]);
      expect(`${titles[0]} ${question}`).not.toContain(answers[0]);
    }
  });
});

describe('MuSiQue', () => {
  it('states one fact per hop, each naming what the one before found', async () => {
    const { needles } = await write('musique', 'needles', 'high');
    expect(needles[1]!.needles).toHaveLength(3);
    const [first, second, third] = needles[1]!.needles as [string, string, string];
    expect(first).toContain('Oakton1');
    expect([first, second].every((text) => text.includes('Land1x'))).toBe(true);
    expect([second, third].every((text) => text.includes('City1x'))).toBe(true);
    expect(third).toContain('Leader1x');
  });

  it('states low facts by template or by prompt, as the spec says, and with symbols only', async () => {
    const templated = await write('musique', 'needles', 'low', replying('').source);
    expect(templated.counts).toMatchObject({ written: 8, calls: 0 });
    expect(templated.needles[0]!.needles[0]).toMatch(/^The country of [A-Z]{4} is [A-Z]{4}\.$/);
    const { source, asked } = replying((_, { fake_entities = '' }) => `Title: A record\nText: It is said: ${fake_entities.replaceAll(' >> ', ' and ')}.`);
    const prompted = await write('musique', 'needles', 'low', source, { lowFacts: 'A.3' });
    expect(prompted.counts).toMatchObject({ written: 8, calls: 24 });
    expect(JSON.stringify([asked, templated.needles])).not.toMatch(/Oakton|Land\d|City\d|Leader/);
  });

  it('writes haystack about the very symbols of its needles', async () => {
    const [needles, { passages }] = [(await write('musique', 'needles', 'low')).needles, await write('musique', 'paragraphs', 'low')];
    const subject = /of ([A-Z]{4}) is/.exec(needles[0]!.needles[0]!)![1];
    expect(passages.find(({ of }) => of === '3hop1__0#1')!.text).toContain(subject);
  });
});

describe('a symbolic chain', () => {
  const row = (question: string, hops: [string, string][]): MusiqueRow => ({
    id: 'r',
    question,
    answers: [hops.at(-1)![1]],
    hops: hops.map(([text, answer], at) => ({ id: at, question: text, answer, support: at, triple: text.includes(' >> ') ? { subject: text.split(' >> ')[0]!, relation: text.split(' >> ')[1]! } : null })),
    supports: hops.map(([, answer]) => ({ title: '', text: answer })),
    distractors: [],
  });
  const chain = async (...given: Parameters<typeof row>) => {
    const asked = row(...given);
    return symbolicChain(asked, new SymbolDraw(seededRandom('chain'), 'capitals'), await KnownNames.of(textsOf(asked), asked.supports));
  };

  it('does not break where a name is built on an earlier answer', async () => {
    const { facts, question, ...rest } = await chain('What league does Jim Wilson play in?', [['Jim Wilson >> member of sports team', 'Indians'], ['What league was Cleveland #1 ?', 'MLB'], ['Governor of #2 >> name', 'Reed']]);
    expect(chainFault({ facts, question, ...rest })).toBeNull();
    expect(question).toBe(`What league does ${facts[0]!.triple!.subject} play in?`);
    expect(facts[1]!.question).toMatch(new RegExp(`^What league was [A-Z]{4} ${facts[0]!.answer} \\?$`));
    expect(facts[2]!.triple!.subject).toBe(`Governor of ${facts[1]!.answer}`);
    expect(facts[2]!.from).toEqual([facts[1]!.answer]);
  });

  it('takes no verb at the start of a hop for a name', async () => {
    const { facts } = await chain('What is the car of Oakton?', [['What company is in Oakton?', 'Reed'], ['Name a luxury division of #1 .', 'Elm'], ['#2 >> car', 'Ash']]);
    expect(facts[1]!.question).toBe(`Name a luxury division of ${facts[0]!.answer} .`);
  });

  it('is not used where the question names another thing than its first hop', async () => {
    expect(chainFault(await chain('who sang Here Come the Girls', [['Elm Tree >> performer', 'Reed'], ['#1 >> town', 'Ash'], ['#2 >> land', 'Oak']]))).toBe('question does not name what its first hop is about');
  });
});

describe('SummHay', () => {
  it('refuses sentences that do not say what they break up', async () => {
    const { source } = replying((id, slots) => (id === 'A.5' ? slots.text! : 'The sky has many stars. The moon is bright at night.'));
    const { counts } = await write('summhay', 'needles', 'high', source);
    expect(counts).toMatchObject({ written: 0, dropped: { 'A.7: does not say what it breaks up': 8 } });
    const other = await write('summhay', 'needles', 'high', replying('Something else entirely was said here.').source);
    expect(other.counts.dropped).toEqual({ 'A.5: says something else': 8 });
  });

  it('breaks a rephrased statement up, and a simplified one is no longer than the insight', async () => {
    const high = await write('summhay', 'needles', 'high');
    const low = await write('summhay', 'needles', 'low');
    expect(high.needles.every(({ needles }) => needles.length >= 2)).toBe(true);
    for (const [at, { question }] of low.needles.entries()) expect(question.length).toBeLessThan(high.needles[at]!.question.length);
  });
});

it('writes the same bytes however many texts are in the making', async () => {
  const bytes = async (atOnce: number) => {
    const [sourceDir, outputDir] = [await emptyFolder(), await emptyFolder()];
    await smallSource('musique', sourceDir);
    await writeItems(itemsOf({ task: 'musique', what: 'paragraphs', expression: 'high', sourceDir, passages: 9, lowFacts: 'template', seed: 3 }), { writer: new Writer(offlineSource(3), 3), writerName: 'w', atOnce, outputDir, rows: 8, dollars: () => 0 });
    return readFile(join(outputDir, 'passages.jsonl'), 'utf8');
  };
  expect(await bytes(7)).toBe(await bytes(1));
});

describe('replies of an LLM', () => {
  const asker = (usage: { promptTokens: number; completionTokens: number } | null): Asker => ({ ask: async () => ({ reply: { text: 'x'.repeat(30), finishReason: 'stop', refusal: null, usage }, paid: true }) });
  const slots = { sentence: 's', question: 'q', answer: 'a' };
  it('count by what the endpoint says they took, or else by their length', async () => {
    const parameters = { temperature: 1, maxTokens: 64 };
    expect(await llmSource(asker({ promptTokens: 7, completionTokens: 3 }), 'm', parameters)('A.1', slots, 0)).toMatchObject({ usage: { promptTokens: 7, completionTokens: 3 }, estimated: false });
    const { usage, estimated } = await llmSource(asker(null), 'm', parameters)('A.1', slots, 0);
    expect({ estimated, completionTokens: usage.completionTokens }).toEqual({ estimated: true, completionTokens: 10 });
    expect(usage.promptTokens).toBeGreaterThan(50);
  });
});

describe('the parameters of a writing stage', () => {
  const recipe = (params: object) => ({ stage: 'write' as const, version: 1, params: params as never, inputs: {}, seed: 0 });
  const params = { task: 'mdqa', what: 'needles', expression: 'high', attempts: 3, writer: { provider: 'offline' } };
  it('are checked, and what a task does not have is refused', () => {
    expect(() => writingParams(recipe({ ...params, writer: { provider: 'magic' } }))).toThrow(/writer\.provider/);
    expect(() => itemsOf(requestOf(writingParams(recipe({ ...params, task: 'summhay', what: 'passages' })), { sourceDir: '.', rankingDir: undefined }, 0))).toThrow(/what: found "passages", allowed for summhay: needles/);
  });
});
