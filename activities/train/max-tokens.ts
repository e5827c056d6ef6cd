import { Example } from '#workflows/contracts/dataset.ts';
import { readJsonLines } from '../source/index.ts';

/** Room for the answer behind the longest prompt, in tokens. */
const ANSWER_TOKENS = 256;

/** Most tokens that any example of a dataset file may have with its answer; the trainer refuses a longer one. */
export async function maxTokensOf(file: string): Promise<number> {
  let longest = 0;
  for await (const { value } of readJsonLines(Example, file)) longest = Math.max(longest, value.promptTokens);
  return longest + ANSWER_TOKENS;
}
