/** Condition `symbolic`: as many look-ups as a question has hops (three), from dictionary to dictionary, each named by a value of the one before (Figure 5). */
import type { SeededRandom } from '#activities/random/seeded.ts';
import type { Draft, Piece } from '../draft.ts';
import { SymbolDraw } from '../symbols.ts';

/** Entries of a dictionary, in the paper. */
export const ENTRIES = 10;
/** Keys that dictionaries share, per entry of one: few enough that the asked ones stand in many of them. */
const KEYS_PER_ENTRY = 2.4;
/** Further dictionaries whose names are values of earlier ones. */
const LED_TO = 10;
/** Share of values that name another dictionary, so that leading on does not tell the right ones. */
const LEADING_SHARE = 0.3;

interface Entry {
  key: string;
  value: string;
}

export function symbolicDraft(random: SeededRandom, hops = 3, dictionaryEntries = ENTRIES): Draft {
  const symbols = new SymbolDraw(random, 'capitals');
  const keys = symbols.take(Math.max(hops + dictionaryEntries - 1, Math.round(KEYS_PER_ENTRY * dictionaryEntries)));
  const [path, otherKeys] = [keys.slice(0, hops), keys.slice(hops)];
  const chain = symbols.take(hops) as [string, ...string[]];
  const [start] = chain;
  const lastKey = path.at(-1) as string;
  const answer = symbols.next();
  // Names of later dictionaries, known from the start so that earlier ones can lead to them.
  const names = symbols.take(LED_TO);
  const otherName = () => names[random.int(names.length)] as string;
  const otherValue = () => (random.float() < LEADING_SHARE ? otherName() : symbols.next());

  const hop = (name: string, key: string, value: string): Piece => {
    const others = random.sample(otherKeys, dictionaryEntries - 1).map((other) => ({ key: other, value: otherValue() }));
    return dictionary(name, random.shuffle([{ key, value }, ...others]), { key, value });
  };
  function* others(): Generator<Piece> {
    for (let at = 0; ; at += 1) {
      const name = at < names.length ? (names[at] as string) : symbols.next();
      // The first one has the last key asked for, so that this key alone never tells the dictionary.
      const held = at === 0 ? random.shuffle([lastKey, ...random.sample(keys.filter((key) => key !== lastKey), dictionaryEntries - 1)]) : random.sample(keys, dictionaryEntries);
      const entries = held.map((key) => ({ key, value: otherValue() }));
      if (at >= names.length) names.push(name);
      yield dictionary(name, entries);
    }
  }
  return {
    question: `What is ${[...path].reverse().map((key) => `the ${key} of`).join(' ')} ${start}?`,
    answer,
    answers: [answer],
    layout: 'dictionaries',
    required: chain.map((name, at) => hop(name, path[at] as string, chain[at + 1] ?? answer)),
    filling: { by: 'pieces', others: others() },
    answerIn: 'needles',
    answersOnlyInNeedles: true,
    verify: (prompt) => verifyChain(prompt, start, path, answer),
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
