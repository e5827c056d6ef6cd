/** Names of a text that writes them with capitals. */

/** A capitalised word; a full stop belongs to it in initials, in titles and between letters, but not at the end of a sentence. */
const WORD = String.raw`(?:\p{Lu}\.(?=\s\p{Lu})|(?:St|Mr|Mrs|Ms|Dr|Jr|Sr)\.|\p{Lu}(?:[\p{L}\p{N}'’-]|\.(?=[\p{L}\p{N}]))*)`;
/** Capitalised words in a row, joined by small words that names have inside: "Commission of Truth and Friendship". */
const NAME = new RegExp(String.raw`${WORD}(?:\s+(?:(?:of|the|de|la|von|van|and|for|in)\s+){0,2}${WORD})*`, 'gu');

/** Words that begin sentences, or name nothing in particular. */
const NO_NAMES = new Set(
  'a an the it its he she they his her their this that these those there in on at of for from to by with as and or but if when where who whom whose what which why how was were is are i we you after before during while since although however also both many most some one two three first last second'.split(' '),
);

/** The names in a text, the longest first; words that begin a sentence and name nothing are left out. */
export function namesIn(text: string): string[] {
  const found = [...text.matchAll(NAME)].map(([name]) => trimmed(name)).filter((name) => name.length > 1);
  return [...new Set(found)].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
}

function trimmed(name: string): string {
  const words = name.replace(/['’]s$/, '').replace(/[.'’-]+$/, '').split(/\s+/);
  while (words.length > 0 && NO_NAMES.has((words[0] as string).toLowerCase())) words.shift();
  while (words.length > 0 && NO_NAMES.has((words.at(-1) as string).toLowerCase())) words.pop();
  return words.join(' ');
}
