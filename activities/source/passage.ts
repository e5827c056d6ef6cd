import type { Passage } from '#workflows/contracts/source.ts';

/** One line with plain spaces: a document of a prompt is one line, and an answer is written as it stands in its passage. */
export function oneLine(text: string): string {
  return text.trim().replace(/\s*[\n\r\u2028\u2029]\s*|\p{Zs}/gu, ' ');
}

export function toPassage({ title, text }: { title: string; text: string }): Passage {
  return { title: oneLine(title), text: oneLine(text) };
}
