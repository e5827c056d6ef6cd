/** The tokens of prompts and answers as text, with the tokenizer of the model that read and wrote them. */
import { Tokenizer } from 'tokenizers';
import type { PromptTokens } from '../../analysis/token-texts.ts';

export interface TextTokenizer {
  /** A prompt's tokens as the trainer has them, with the tokenizer's own special ones. */
  prompt(text: string): Promise<PromptTokens>;
  /** Text of each of an answer's tokens; of several that spell one character the last has it, the others are empty. */
  answer(ids: readonly number[]): Promise<string[]>;
}

/** @throws RangeError where the text is no tokenizer.json; `name` names it */
export function textTokenizer(tokenizerJson: string, name: string): TextTokenizer {
  let tokenizer: Tokenizer;
  try {
    tokenizer = Tokenizer.fromString(tokenizerJson);
  } catch (error) {
    throw new RangeError(`${name}: found no usable tokenizer, allowed: a tokenizer.json of Hugging Face tokenizers (${(error as Error).message})`, { cause: error });
  }
  // As the trainer does: settings of its training would cut or fill up prompts.
  tokenizer.disableTruncation();
  tokenizer.disablePadding();
  return {
    prompt: async (text) => {
      const encoding = await tokenizer.encode(text);
      const offsets = encoding.getOffsets() as [number, number][];
      const names = encoding.getTokens();
      const isSpecial = encoding.getSpecialTokensMask();
      // A special token that the text itself spells has a place there.
      const special = new Map(offsets.flatMap(([start, end], at) => (isSpecial[at] === 1 && start === end ? [[at, names[at] as string] as const] : [])));
      return { offsets, special };
    },
    answer: async (ids) => {
      const beginnings = ids.map((_, at) => ids.slice(0, at + 1));
      const decoded = ids.length === 0 ? [] : await tokenizer.decodeBatch(beginnings, false);
      // A character that is spelt by several tokens reads as U+FFFD until its last one is there.
      const whole = decoded.map((text) => text.replace(/\uFFFD+$/, ''));
      return whole.map((text, at) => {
        const before = at === 0 ? '' : (whole[at - 1] as string);
        return text.startsWith(before) ? text.slice(before.length) : (tokenizer.idToToken(ids[at] as number) ?? '');
      });
    },
  };
}
