/** Sentences that state a fact: given as a triple, or as a question and its answer (prompts A.1 and A.3). */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { Cast } from './cast.ts';
import { capitalised, expand, pick } from './expand.ts';
import facts from './facts.json' with { type: 'json' };

/** One sentence that states a fact given as `subject >> relation >> object`, or as `question >> answer`. */
export function sentenceAbout(fact: string, random: SeededRandom): { title: string; text: string } {
  const parts = fact.split(' >> ');
  const object = parts.at(-1) ?? fact;
  if (parts.length < 3) {
    const asked = withoutEnd(parts[0] ?? '');
    const given = { asked, answer: object };
    // A question may name what no title is to give away; then the other titles are left.
    return { title: said(facts.titles.asked, given, random), text: stated(asked, object, random) ?? said(facts.answers, given, random) };
  }
  const [subject, relation] = parts as [string, string];
  const given = { subject, relation, object };
  return { title: random.int(2) === 0 ? subject : said(facts.titles.triple, given, random), text: said(VERBAL.test(relation) ? facts.verbal : facts.triples, given, random) };
}

/** A statement from which the question can be answered, with details around it. */
export function statement(question: string, answer: string, random: SeededRandom): string {
  const asked = withoutEnd(question);
  const plain = random.int(4) === 0 ? null : stated(asked, answer, random);
  return plain === null ? said(facts.answers, { asked, answer }, random) : `${plain} ${said(facts.details, { answer }, random)}`;
}

/** Relations that go on from "is": "located in", "member of". */
const VERBAL = /^(?:located|member|part|named|owned|followed|educated|contained|based|occupied|operated|produced|published|distributed|affiliated|influenced) /;

/** Who-questions about the subject of a verb: "who wrote it" → "It was A who wrote it". */
const WHO = /^who(?:'s|’s)? (?!(?:did|do|does|has|have|had|will|would|can|could|should|shall|may|might|all|else|am|if)\b)(.+)$/i;
/** "What is the capital of X", where what follows can stand before "is". */
const WHAT_IS = /^(?:what|who|where) (is|was|are|were) ((?:the|a|an|this|that|his|her|its|their) .+)$/i;
const HANGING = /\b(?:called|known|named|as|of|in|from|for|to|with|on|at|about|by|considered|located|found|made|held|filmed|set|built|used|played|buried|situated|based|invented|introduced|written|released|born|formed|created|established|founded|signed|published|fought|discovered|and|or)$/i;

/** The question turned into a sentence; null where that needs a grammar. */
function stated(asked: string, answer: string, random: SeededRandom): string | null {
  const is = WHAT_IS.exec(asked);
  if (is && !/^where/i.test(asked) && !HANGING.test(is[2] as string)) {
    return random.int(2) === 0 ? `${capitalised(is[2] as string)} ${is[1]} ${answer}.` : `${capitalised(answer)} ${is[1]} ${is[2]}.`;
  }
  const who = WHO.exec(asked);
  return who ? said(facts.who, { rest: who[1] as string, answer }, random) : null;
}

/** One of the templates, with these texts in their places; names that it invents are none of theirs. */
function said(templates: readonly string[], given: Readonly<Record<string, string>>, random: SeededRandom): string {
  const cast = new Cast(random, given);
  return capitalised(expand(pick(random, templates), random, (name) => cast.get(name)));
}

const withoutEnd = (sentence: string): string => sentence.trim().replace(/[.?!\s]+$/, '');
