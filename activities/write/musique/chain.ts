/** A three-hop question as facts and names, real ones or symbols in their place. */
import type { MusiqueRow, Passage } from '#workflows/contracts/source.ts';
import type { SymbolDraw } from '../../dataset/symbols.ts';
import { firstStated } from '../../source/answers.ts';
import { namesIn } from '../names/capitalised.ts';
import type { KnownNames } from '../names/known-names.ts';
import { nameKey, Symbols } from '../names/symbols.ts';
import { wordsOf } from '../names/words.ts';
import { NO_SYMBOL, TOPIC_SYMBOL } from '../notes.ts';

/** One hop: what is stated, and of whom. */
export interface ChainFact {
  /** Subject and relation of a triple; null where the hop is a question in words. */
  triple: { subject: string; relation: string } | null;
  /** The hop's question, with the answers of earlier hops in place of `#1`. */
  question: string;
  answer: string;
  /** Earlier answers that the fact rests on: they must stand in its sentence, or the chain breaks. */
  from: string[];
  /** Whom a paragraph around the fact is about. */
  about: string;
}

export interface Chain {
  id: string;
  question: string;
  /** Accepted answers, the one to be written first. */
  answers: string[];
  facts: ChainFact[];
  /** Real names that symbols stand for; none where names are real. */
  replaced: string[];
  /** What is to be counted of the chain, though it is used; null where there is nothing. */
  note: string | null;
}

/** The row's chain with its real names. */
export function realChain({ id, question, answers, hops, supports }: MusiqueRow): Chain {
  const last = supports[hops.at(-1)?.support ?? 0];
  const stated = (last && firstStated(answers, last.text)) ?? (answers[0] as string);
  const found = hops.map(({ answer }, at) => (at === hops.length - 1 ? stated : answer));
  const filled = (text: string) => text.replace(/#(\d)/g, (place, hop: string) => found[Number(hop) - 1] ?? place);
  const facts = hops.map(({ question: asked, triple, support }, at): ChainFact => {
    const written = filled(asked);
    const subject = triple && filled(triple.subject);
    return {
      triple: triple && { subject: subject as string, relation: triple.relation },
      question: written,
      answer: found[at] as string,
      from: [...new Set([...asked.matchAll(/#(\d)/g)].flatMap(([, hop]) => found[Number(hop) - 1] ?? []))],
      about: subject ?? namesIn(written)[0] ?? supports[support]?.title ?? written,
    };
  });
  return { id, question, answers: [stated, ...answers.filter((answer) => answer !== stated)], facts, replaced: [], note: null };
}

/** The texts in which a chain's names are looked for: its question, and its hops as they are written. */
export function textsOf({ question, hops }: MusiqueRow): string[] {
  return [question, ...hops.map(({ question: asked, triple }) => triple?.subject ?? asked)];
}

/**
 * The chain with a symbol for every answer, subject and name of its hops, drawn from `draw`, so that none stands for two
 * things. Names are looked for in the hops as they are written, where `#1` stands for the first answer: a longer name must
 * not swallow the answer it is built on, or the chain would break there. Where the first hop gives no name, the noun phrase
 * that it shares with the question has the symbol.
 */
export function symbolicChain(row: MusiqueRow, draw: SymbolDraw, known: KnownNames): Chain {
  const chain = realChain(row);
  const symbols = new Symbols(() => draw.next());
  const answer = symbols.ofForms(chain.answers);
  const answers = chain.facts.map((fact) => symbols.ofForms([fact.answer]));
  for (const { triple } of row.hops) if (triple && !HOP.test(triple.subject)) symbols.ofSubject(triple.subject);
  const texts = textsOf(row);
  for (const key of namesOf(row, known)) symbols.ofName(key);
  let note: string | null = null;
  const [first] = row.hops as [MusiqueRow['hops'][number]];
  if (first.triple === null && symbols.replacedIn(first.question).length === 0) {
    const topic = known.topicOf(first.question, row.supports[first.support] as Passage);
    if (topic !== null && ` ${nameKey(wordsOf(row.question))} `.includes(` ${topic} `)) {
      symbols.ofName(topic);
      note = TOPIC_SYMBOL;
    }
  }
  const replaced = [...new Set([...texts.flatMap((text) => symbols.replacedIn(text)), ...chain.answers, ...chain.facts.map((fact) => fact.answer)])];
  const written = (text: string) => symbols.write(text).replace(ALL_HOPS, (place, hop: string) => answers[Number(hop) - 1] ?? place);
  const question = symbols.write(chain.question);
  return {
    id: chain.id,
    question,
    answers: [answer],
    facts: row.hops.map(({ question: asked, triple }, at) => {
      const from = [...new Set([...asked.matchAll(ALL_HOPS)].flatMap(([, hop]) => answers[Number(hop) - 1] ?? []))];
      const subject = triple && written(triple.subject);
      const hop = written(asked);
      // Its first symbol that is no answer.
      const named = symbols.in(hop).find((symbol) => !answers.includes(symbol));
      return {
        triple: triple && { subject: subject as string, relation: triple.relation },
        question: hop,
        answer: answers[at] as string,
        from,
        about: (subject !== null && SYMBOL.test(subject) ? subject : undefined) ?? from[0] ?? named ?? draw.next(),
      };
    }),
    replaced,
    note: symbols.replacedIn(chain.question).length === 0 ? NO_SYMBOL : note,
  };
}

/** Keys of the names in a chain's texts. One that goes beyond a name of the question, without standing there itself, is left out: hops are to name what the question does. */
function namesOf(row: MusiqueRow, known: KnownNames): string[] {
  const [question] = textsOf(row) as [string];
  const asked = known.in([question], row.supports);
  const holds = (text: string, key: string) => ` ${text} `.includes(` ${key} `);
  const whole = nameKey(wordsOf(question));
  return known.in(textsOf(row), row.supports).filter((key) => holds(whole, key) || !asked.some((part) => holds(key, part))).concat(asked);
}

const HOP = /#\d/;
const ALL_HOPS = /#(\d)/g;
const SYMBOL = /^[A-Z]{4}$/;
