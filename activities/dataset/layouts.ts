/** The training prompts of the paper (appendix B) and the ways pieces are laid out in their contexts. */
import type { Layout, Piece } from './draft.ts';
import prompts from './prompts.json' with { type: 'json' };

export interface LayoutText {
  /** Prompt before the context, between context and question, after the question. */
  parts: readonly [string, string, string];
  open: string;
  close: string;
  separator: string;
  /** What stands before the text of the piece at this place, counted from 0. */
  label: (piece: Piece, at: number) => string;
  /**
   * The strings whose token counts add up to what a piece adds to a prompt: its label, and its text with what separates it
   * from the next. They are cut where the usual pre-tokenizers cut too (before a space, after a line feed), so that the sum
   * is right or a token or two above.
   */
  labelCost: (label: string) => string;
  textCost: (text: string) => string;
}

const B1 = split(prompts.prompts['B.1']);
const B2 = split(prompts.prompts['B.2']);
const onLines = { open: '', close: '', separator: '\n' };
const labelled = { labelCost: (label: string) => label.trimEnd(), textCost: (text: string) => ` ${text}\n` };
const unlabelled = { label: () => '', labelCost: () => '' };

export const LAYOUTS: Readonly<Record<Layout, LayoutText>> = {
  /** A context that is whole as it is given. */
  context: { parts: B1, ...onLines, ...unlabelled, textCost: (text) => `${text}\n` },
  /** Paper, appendix C.1: one document per line, numbered from 1 in order of position. */
  documents: { parts: B1, ...onLines, ...labelled, label: (_, at) => `Document ${at + 1}: ` },
  /** SummHay Citation (C.1): documents have numbers of their own, which the answer cites. */
  'numbered documents': { parts: B2, ...onLines, ...labelled, label: ({ number = 0 }) => `Document [${number}]: ` },
  /** A JSON object on one line (Xiong et al. 2024). */
  dictionary: { parts: B1, open: '{', close: '}', separator: ', ', ...unlabelled, textCost: (text) => ` ${text},` },
  /** One named dictionary per line (Figure 5). */
  dictionaries: { parts: B1, ...onLines, ...unlabelled, textCost: (text) => `${text}\n` },
};

/** Upper-case words of the prompts that a symbol could be taken for. */
export const PROMPT_WORDS: ReadonlySet<string> = new Set([...B1, ...B2].flatMap((part) => part.toUpperCase().match(/[A-Z]+/g) ?? []));

function split(prompt: string): readonly [string, string, string] {
  const parts = prompt.split(/\{context\}|\{question\}|\{statement\}/);
  if (parts.length !== 3) throw new Error(`prompts.json: found ${parts.length - 1} places to fill in, allowed: a context and a question`);
  return parts as unknown as readonly [string, string, string];
}
