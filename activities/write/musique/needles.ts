/** MuSiQue's needles: one sentence per hop, by prompt A.3 or of a template (paper, section 3.2). */
import type { WrittenNeedles } from '#workflows/contracts/writing.ts';
import { Unwritable, type Writer } from '../ask.ts';
import { checked, length, naming, without } from '../checks.ts';
import type { Item, WritingRequest } from '../item.ts';
import { readTitled, type TitledText } from '../reply.ts';
import type { Chain, ChainFact } from './chain.ts';
import { chainsOf } from './chains.ts';

/** Words of a sentence about one fact. */
const FEWEST = 3;
const MOST = 80;

export async function* musiqueNeedles(request: WritingRequest): AsyncGenerator<Item<WrittenNeedles>> {
  const templated = request.expression === 'low' && request.lowFacts === 'template';
  let rows = 0;
  for await (const chain of chainsOf(request)) yield { id: chain.id, row: (rows += 1), note: chain.note, write: (writer) => needles(templated ? null : writer, chain) };
}

async function needles(writer: Writer | null, chain: Chain): Promise<WrittenNeedles> {
  const { id, question, answers, facts } = chain;
  const low = chain.replaced.length > 0;
  if (low) {
    if (naming(question, answers.slice(0, 1), 'its answer') !== null) throw new Unwritable('question names its answer');
    const fault = chainFault(chain);
    if (fault !== null) throw new Unwritable(fault);
  }
  // All at once: in batches they would come one a day.
  const written = await all(facts.map((fact) => (writer === null ? templated(fact) : asked(writer, chain, fact))));
  return { id, question, answers, titles: written.map(({ title }) => title), needles: written.map(({ text }) => text) };
}

/** Why symbols do not lead from the question to its answer: the names of the first hop are others, or a hop does not say what it rests on. */
export function chainFault({ question, facts }: Chain): string | null {
  const [first] = facts as [ChainFact];
  const asked = new Set([first.triple?.subject ?? '', first.question].join(' ').match(/\b[A-Z]{4}\b/g) ?? []);
  if (asked.size > 0 && ![...asked].some((symbol) => question.includes(symbol))) return 'question does not name what its first hop is about';
  return facts.every(({ triple, question: hop, from }) => from.every((symbol) => (triple?.subject ?? hop).includes(symbol))) ? null : 'a hop does not say what it rests on';
}

/** A title that gives the answer away would put it outside of its needle. */
function templated({ triple, question, answer, about }: ChainFact): TitledText {
  const text = triple ? `The ${triple.relation} of ${triple.subject} is ${answer}.` : `The answer to the question "${question.replace(/[?.]+$/, '')}" is ${answer}.`;
  return { title: about === answer ? '' : about, text };
}

function asked(writer: Writer, { answers, replaced }: Chain, fact: ChainFact): Promise<TitledText> {
  const { triple, question, answer, from } = fact;
  const entities = triple ? `${triple.subject} >> ${triple.relation} >> ${answer}` : `${question} >> ${answer}`;
  const kept = [answer, ...from, ...(triple ? [triple.subject] : [])];
  return writer.write('A.3', { fake_entities: entities }, (reply) =>
    checked(
      readTitled(reply),
      ({ text }) => without(text, kept, replaced.length > 0 ? 'a symbol of its fact' : 'a name of its fact'),
      ({ title }) => naming(title, answers, 'the answer in its title'),
      ({ text }) => naming(text, replaced, 'a real name'),
      ({ text }) => length(text, FEWEST, MOST),
    ),
  );
}

/** All results, or the first failure once none of them is under way, so that what they took is counted whole. */
async function all<T>(results: readonly (T | Promise<T>)[]): Promise<T[]> {
  await Promise.allSettled(results);
  return Promise.all(results);
}
