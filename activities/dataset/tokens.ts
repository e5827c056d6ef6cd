/** Counting tokens as the model under test does, with the Hugging Face tokenizers library. */
import { basename } from 'node:path';
import { Tokenizer } from 'tokenizers';
import { DatasetError } from './errors.ts';

export interface TokenCounter {
  /** Tokens of a whole prompt, with the special tokens that the tokenizer adds. */
  prompt(text: string): Promise<number>;
  /** Tokens of a part of a prompt, without special tokens; remembered, since passages come again and again. */
  part(text: string): Promise<number>;
}

/** So many counts are remembered at most, to keep memory flat where passages do not come again. */
const REMEMBERED = 50_000;

/** @throws DatasetError if the file is no tokenizer.json */
export function openTokenizer(tokenizerFile: string): TokenCounter {
  let tokenizer: Tokenizer;
  try {
    tokenizer = Tokenizer.fromFile(tokenizerFile);
  } catch (error) {
    throw new DatasetError(`${basename(tokenizerFile)}: found no usable tokenizer, allowed: a tokenizer.json of Hugging Face tokenizers (${(error as Error).message})`);
  }
  // A tokenizer.json may carry settings of its training, which would falsify every count.
  tokenizer.disableTruncation();
  tokenizer.disablePadding();
  const counts = new Map<string, number>();
  const count = async (text: string, addSpecialTokens: boolean) => (await tokenizer.encode(text, null, { addSpecialTokens })).getLength();
  return {
    prompt: (text) => count(text, true),
    async part(text) {
      const known = counts.get(text);
      if (known !== undefined) return known;
      const counted = await count(text, false);
      if (counts.size >= REMEMBERED) counts.clear();
      counts.set(text, counted);
      return counted;
    },
  };
}
