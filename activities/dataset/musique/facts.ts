/** The chain of facts behind an authored question. */
import type { Fact, MusiqueRow } from '#workflows/contracts/source.ts';
import { documentsNaming } from '../authored.ts';

/** What the hops state, in their order; null for an imported row. */
export function factsOf({ hops }: Pick<MusiqueRow, 'hops'>): Fact[] | null {
  const facts = hops.flatMap(({ fact }) => (fact === undefined ? [] : [fact]));
  return facts.length === hops.length ? facts : null;
}

/**
 * Tells whether a prompt holds the chain and no other way to go: its first subject is named in one document, and each further
 * one in two, its own and that of the hop before.
 */
export function chainVerifier(facts: readonly Pick<Fact, 'subject'>[]): (prompt: string) => string | null {
  return (prompt) => {
    for (const [hop, { subject }] of facts.entries()) {
      const [found, allowed] = [documentsNaming(prompt, subject).length, hop === 0 ? 1 : 2];
      if (found !== allowed) return `found ${found} documents that name ${subject}, allowed: ${allowed}`;
    }
    return null;
  };
}
