/** Conditions `concept expression / context diversity` for questions whose facts are known (the miniature source). */
import type { SeededRandom } from '#activities/random/seeded.ts';
import { PADDING } from '#activities/source/index.ts';
import { type ChainNames, namedBy, nounQuestion, otherChains, relationOf } from '#activities/source/miniature/chains.ts';
import { choice } from '#activities/source/miniature/choice.ts';
import { fittingWordings, sentence, withoutArticle } from '#activities/source/miniature/language.ts';
import { NameDraw } from '#activities/source/miniature/names.ts';
import type { Dimensions } from '#workflows/contracts/experiment.ts';
import type { Fact, MusiqueRow } from '#workflows/contracts/source.ts';
import { asides, type SyntheticSource } from '../authored.ts';
import { documentPiece } from '../documents.ts';
import type { Draft, Piece } from '../draft.ts';
import { placeAmong } from '../place.ts';
import { SymbolDraw } from '../symbols.ts';
import { chainVerifier } from './facts.ts';

/**
 * Each hop's fact is written anew: in another wording, or under low expression in a plain one with symbols for all names. High
 * diversity puts it beside an aside in a document about its subject, among the documents of other chains; low diversity
 * among the padding sentences, and all other documents are these alone (paper, section 3.2). `needleRandom` is that of the
 * row in both conditions of an expression, so that these have the same needles and differ in what is around them.
 */
export function syntheticDraft(
  row: Pick<MusiqueRow, 'question'> & { facts: readonly Fact[] },
  { expression, diversity }: Dimensions,
  { world, names }: SyntheticSource,
  needleRandom: SeededRandom,
  random: SeededRandom,
): Draft {
  const symbols = new SymbolDraw(needleRandom);
  const facts = expression === 'high' ? row.facts : inSymbols(row.facts, symbols);
  const [{ subject }, answer] = [facts[0] as Fact, (facts.at(-1) as Fact).value];
  const needles = facts.map((fact) => statement(needleRandom, fact));
  return {
    question: expression === 'high' ? row.question : nounQuestion(world, facts, subject, 'by symbol'),
    answer,
    answers: [answer],
    layout: 'documents',
    required: needles.map((needle, hop) => (diversity === 'high' ? inDocument((facts[hop] as Fact).subject, needle, true) : inPadding(needle))),
    filling: { by: 'pieces', others: diversity === 'high' ? chains() : padding() },
    answerIn: 'needles',
    answersOnlyInNeedles: true,
    verify: chainVerifier(facts),
  };

  function statement(drawn: SeededRandom, { subjectType, relation, subject: x, value: y }: Fact): string {
    const { plain, paraphrase } = relationOf(world, { subjectType, relation });
    if (expression === 'low') return sentence(withoutArticle(choice(drawn, plain.facts)), { x, y });
    return sentence(choice(drawn, fittingWordings(paraphrase.facts, y)), { x, y });
  }

  /** The fact with an aside before or behind it. */
  function inDocument(title: string, fact: string, isNeedle: boolean): Piece {
    const { text, needle } = placeAmong(fact, asides(random, world).slice(0, 1), random);
    return documentPiece({ title, text }, isNeedle ? needle : undefined);
  }

  function inPadding(fact: string): Piece {
    const { text, needle } = placeAmong(fact, PADDING, random);
    return { text, needles: [needle] };
  }

  function* chains(): Generator<Piece> {
    const chainNames: ChainNames = expression === 'high' ? namedBy(new NameDraw(random, names, answer, facts.flatMap((fact) => [fact.subject, fact.value]))) : { organisation: () => symbols.next(), value: () => symbols.next() };
    for (const chain of otherChains(random, world, facts, chainNames)) {
      for (const fact of chain) yield inDocument(fact.subject, statement(random, fact), false);
    }
  }
}

/** The same chain with a symbol for each name. */
function inSymbols(facts: readonly Fact[], symbols: SymbolDraw): Fact[] {
  const names = symbols.take(facts.length + 1);
  return facts.map((fact, hop) => ({ ...fact, subject: names[hop] as string, value: names[hop + 1] as string }));
}

function* padding(): Generator<Piece> {
  for (;;) yield { text: PADDING.join(' ') };
}
