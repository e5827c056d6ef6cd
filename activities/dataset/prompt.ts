/** Prompt B.1 of the paper and the ways pieces are laid out in its context. */
import type { TextRange } from '#activities/source/index.ts';
import type { Layout, Piece } from './draft.ts';
import prompts from './prompts.json' with { type: 'json' };

const [BEFORE_CONTEXT, BEFORE_QUESTION, AFTER_QUESTION] = prompts.prompts['B.1'].split(/\{context\}|\{question\}/) as [string, string, string];

const layouts: Record<Layout, { open: string; close: string; separator: string; label: (number: number) => string }> = {
  /** Paper, appendix C.1: one document per line, numbered from 1 in order of position. */
  documents: { open: '', close: '', separator: '\n', label: (number) => `Document ${number}: ` },
  /** A JSON object on one line (Xiong et al. 2024). */
  dictionary: { open: '{', close: '}', separator: ', ', label: () => '' },
};

export interface RenderedPrompt {
  prompt: string;
  /** Needles of all pieces, in order of position, in UTF-16 units of the prompt. */
  needles: TextRange[];
}

/** The prompt with `pieces` in this order. */
export function renderPrompt(layout: Layout, pieces: readonly Piece[], question: string): RenderedPrompt {
  const { open, close, separator, label } = layouts[layout];
  const parts = [BEFORE_CONTEXT, open];
  let length = BEFORE_CONTEXT.length + open.length;
  const needles: TextRange[] = [];
  for (const [at, { text, needle }] of pieces.entries()) {
    const before = `${at === 0 ? '' : separator}${label(at + 1)}`;
    parts.push(before, text);
    length += before.length;
    if (needle !== undefined) needles.push({ start: length + needle.start, end: length + needle.end });
    length += text.length;
  }
  parts.push(close, BEFORE_QUESTION, question, AFTER_QUESTION);
  return { prompt: parts.join(''), needles };
}

/**
 * The strings whose token counts add up to what the `number`-th piece adds to a prompt. They are cut where the usual
 * pre-tokenizers cut too (before a space, after a line feed), so that the sum is right or a token or two above.
 */
export function costOf(layout: Layout, { text }: Piece, number: number): string[] {
  return layout === 'documents' ? [`Document ${number}:`, ` ${text}\n`] : [` ${text},`];
}
