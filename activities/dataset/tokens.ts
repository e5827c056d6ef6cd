/** Counting tokens as the model under test does, with the Hugging Face tokenizers library. */
import { basename } from 'node:path';
import { Tokenizer } from 'tokenizers';
import { DatasetError } from './errors.ts';

export interface TokenCounter {
  /** Tokens of a whole prompt, with the special tokens that the tokenizer adds. */
  prompt(text: string): Promise<number>;
  /** Tokens of a part of a prompt, without special tokens; remembered, since passages come again and again. */
  part(text: string): Promise<number>;
  /** The same for several parts at once. */
  parts(texts: readonly string[]): Promise<number[]>;
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
  const parts = async (texts: readonly string[]) => {
    const unknown = [...new Set(texts.filter((text) => !counts.has(text)))];
    const encoded = unknown.length === 0 ? [] : await tokenizer.encodeBatch(unknown, { addSpecialTokens: false });
    const found = new Map(unknown.map((text, at) => [text, encoded[at]?.getLength() as number]));
    const all = texts.map((text) => (found.get(text) ?? counts.get(text)) as number);
    if (counts.size + found.size > REMEMBERED) counts.clear();
    for (const [text, length] of found) counts.set(text, length);
    return all;
  };
  return {
    prompt: (text) => count(text, true),
    part: async (text) => counts.get(text) ?? ((await parts([text]))[0] as number),
    parts,
  };
}
