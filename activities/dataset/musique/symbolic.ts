/** Condition `symbolic`: three look-ups from dictionary to dictionary, each named by a value of the one before (Figure 5). */
import type { SeededRandom } from '#activities/random/seeded.ts';
import type { Draft, Piece } from '../draft.ts';
import { SymbolDraw } from '../symbols.ts';

/** Entries of a dictionary. */
const ENTRIES = 10;
/** Keys that dictionaries share, so that the asked ones stand in many of them. */
const KEYS = 24;
/** Share of values that name another dictionary, so that leading on does not tell the right ones. */
const LEADING_SHARE = 0.3;

interface Entry {
  key: string;
  value: string;
}

export function symbolicDraft(random: SeededRandom): Draft {
  const symbols = new SymbolDraw(random, 'capitals');
  const keys = symbols.take(KEYS);
  const [p1, p2, p3, ...otherKeys] = keys as [string, string, string, ...string[]];
  const chain = symbols.take(3) as [string, string, string];
  const [d1, d2, d3] = chain;
  const answer = symbols.next();
  // Names of later dictionaries, known from the start so that earlier ones can lead to them.
  const names = symbols.take(ENTRIES);
  const otherName = () => names[random.int(names.length)] as string;
  const otherValue = () => (random.float() < LEADING_SHARE ? otherName() : symbols.next());

  const hop = (name: string, key: string, value: string): Piece => {
    const others = random.sample(otherKeys, ENTRIES - 1).map((other) => ({ key: other, value: otherValue() }));
    return dictionary(name, random.shuffle([{ key, value }, ...others]), { key, value });
  };
  function* others(): Generator<Piece> {
    for (let at = 0; ; at += 1) {
      const name = at < names.length ? (names[at] as string) : symbols.next();
      const entries = random.sample(keys, ENTRIES).map((key) => ({ key, value: otherValue() }));
      if (at >= names.length) names.push(name);
      yield dictionary(name, entries);
    }
  }
  return {
    question: `What is the ${p3} of the ${p2} of the ${p1} of ${d1}?`,
    answer,
    answers: [answer],
    layout: 'dictionaries',
    required: [hop(d1, p1, d2), hop(d2, p2, d3), hop(d3, p3, answer)],
    filling: { by: 'pieces', others: others() },
    answerIn: 'needles',
    answersOnlyInNeedles: true,
    verify: (prompt) => verifyChain(prompt, d1, [p1, p2, p3], answer),
  };
}

/** `KVTJ {'UQCA': 'SXVI', …}`; the needle is the entry asked for. */
function dictionary(name: string, entries: readonly Entry[], asked?: Entry): Piece {
  const written = ({ key, value }: Entry) => `'${key}': '${value}'`;
  const text = `${name} {${entries.map(written).join(', ')}}`;
  if (asked === undefined) return { text };
  const start = text.indexOf(written(asked));
  return { text, needles: [{ start, end: start + written(asked).length }] };
}

/** Reads the dictionaries out of a prompt and follows the question: null if it leads to `answer` and nowhere else. */
export function verifyChain(prompt: string, start: string, keys: readonly string[], answer: string): string | null {
  const dictionaries = new Map<string, Map<string, string>>();
  for (const [, name, entries] of prompt.matchAll(/^([A-Z]{4}) \{(.*)\}$/gm) as Iterable<[string, string, string]>) {
    if (dictionaries.has(name)) return `found two dictionaries named ${name}, allowed: one`;
    const pairs = [...entries.matchAll(/'([A-Z]{4})': '([A-Z]{4})'/g)] as unknown as [string, string, string][];
    const read = new Map(pairs.map(([, key, value]) => [key, value]));
    if (read.size !== pairs.length) return `found a key twice in dictionary ${name}, allowed: once`;
    dictionaries.set(name, read);
  }
  let at = start;
  for (const key of keys) {
    const next = dictionaries.get(at)?.get(key);
    if (next === undefined) return `found no ${key} of ${at}, allowed: a chain that leads to ${answer}`;
    at = next;
  }
  return at === answer ? null : `the chain leads to ${at}, allowed: ${answer}`;
}
