/** What stands around a prompt: nothing, as in the paper, or the model's own chat template. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Template } from '@huggingface/jinja';
import { z } from 'zod';
import { parse } from '#workflows/contracts/parse.ts';
import { readJson } from '../base/read-json.ts';
import { DatasetError } from './errors.ts';
import type { RenderedPrompt } from './prompt.ts';
import type { TokenCounter } from './tokens.ts';

export interface PromptFrame {
  before: string;
  after: string;
}

export const RAW: PromptFrame = { before: '', after: '' };

const Token = z.union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)]).nullish();
const TokenizerConfig = z.looseObject({
  bos_token: Token,
  eos_token: Token,
  /** One template, or several by name. */
  chat_template: z.union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))]).optional(),
});

/** Stands for the prompt while the template is applied. */
const PLACE = 'THE-PROMPT-GOES-HERE';

/**
 * The chat template of a model folder around one message of the user, up to where the assistant's answer begins. A
 * beginning-of-sequence token that the tokenizer adds by itself is left out.
 * @throws DatasetError if there is no template, or it does not leave the message as it is
 */
export async function chatFrame(modelFolder: string, counter: TokenCounter): Promise<PromptFrame> {
  const config = parse(TokenizerConfig, readJson(await readFile(join(modelFolder, 'tokenizer_config.json'), 'utf8'), 'tokenizer_config.json'), 'tokenizer_config.json of the base model');
  const { bos_token: bos, eos_token: eos } = config;
  const template = await templateOf(modelFolder, config);
  let rendered: string;
  try {
    rendered = new Template(template).render({ messages: [{ role: 'user', content: PLACE }], add_generation_prompt: true, bos_token: bos ?? '', eos_token: eos ?? '' });
  } catch (error) {
    throw new DatasetError(`prompt.format: found "chat", but the model's chat template cannot be applied (${error instanceof Error ? error.message : error}); allowed: "raw"`);
  }
  const [before, after, ...more] = rendered.split(PLACE);
  if (before === undefined || after === undefined || more.length > 0) throw new DatasetError(`prompt.format: found "chat", but the model's chat template writes the message ${more.length > 0 ? 'more than once' : 'in another form'}; allowed: "raw"`);
  const addsBos = bos && before.startsWith(bos) && (await counter.prompt('')) > 0;
  return { before: addsBos ? before.slice(bos.length) : before, after };
}

async function templateOf(modelFolder: string, { chat_template: given }: z.infer<typeof TokenizerConfig>): Promise<string> {
  const file = join(modelFolder, 'chat_template.jinja');
  if (existsSync(file)) return readFile(file, 'utf8');
  const template = typeof given === 'string' ? given : given?.find(({ name }) => name === 'default')?.template;
  if (template === undefined) throw new DatasetError('prompt.format: found "chat", but the base model has no chat template (chat_template.jinja, or chat_template in tokenizer_config.json); allowed: "raw", or a model with one');
  return template;
}

/** Counts prompts as they will stand in the frame. */
export function countingIn({ before, after }: PromptFrame, counter: TokenCounter): TokenCounter {
  return { ...counter, prompt: (text) => counter.prompt(before + text + after) };
}

/** The prompt in its frame, with needles and numbers where they are then. */
export function inFrame<P extends RenderedPrompt>({ before, after }: PromptFrame, rendered: P): P {
  const moved = ({ start, end }: RenderedPrompt['needles'][number]) => ({ start: before.length + start, end: before.length + end });
  return { ...rendered, prompt: before + rendered.prompt + after, needles: rendered.needles.map(moved), numbers: rendered.numbers.map(moved) };
}
