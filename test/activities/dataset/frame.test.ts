import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chatFrame } from '#activities/dataset/frame.ts';
import { buildDataset } from '#activities/dataset/index.ts';
import { openTokenizer } from '#activities/dataset/tokens.ts';
import type { DataKind, Task } from '#workflows/contracts/experiment.ts';
import { smallSource, writeOffline } from '../write/support.ts';
import { characterTokenizer, emptyFolder, readExamples, spanText } from './support.ts';

/** As Llama-3-8B-Instruct and Mistral-7B-Instruct-v0.1 have them. */
const LLAMA =
  "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";
const MISTRAL =
  "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token + ' ' }}{% endif %}{% endfor %}";

async function modelFolder(config: object): Promise<string> {
  const folder = await emptyFolder();
  await characterTokenizer(folder);
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify({ eos_token: '</s>', ...config }));
  return folder;
}

describe('the frame of a chat template', () => {
  const frame = async (folder: string) => chatFrame(folder, openTokenizer(join(folder, 'tokenizer.json')));

  it('is what the models of the paper have, without the token that their tokenizers add', async () => {
    expect(await frame(await modelFolder({ bos_token: '<s>', chat_template: LLAMA }))).toEqual({
      before: '<|start_header_id|>user<|end_header_id|>\n\n',
      after: '<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n',
    });
    expect(await frame(await modelFolder({ bos_token: { content: '<s>' }, chat_template: [{ name: 'tools', template: 'x' }, { name: 'default', template: MISTRAL }] }))).toEqual({ before: '[INST] ', after: ' [/INST]' });
  });

  it('is taken from a file of its own where there is one', async () => {
    const folder = await modelFolder({});
    await writeFile(join(folder, 'chat_template.jinja'), '<{{ messages[0].content }}>');
    expect(await frame(folder)).toEqual({ before: '<', after: '>' });
  });

  it.each([
    [{}, /found "chat", but the base model has no chat template/],
    [{ chat_template: '{{ raise_exception("no users") }}' }, /the model's chat template cannot be applied/],
    [{ chat_template: '{{ messages[0].content }}{{ messages[0].content }}' }, /writes the message more than once; allowed: "raw"/],
    [{ chat_template: '{{ messages[0].content | lower }}' }, /writes the message in another form/],
  ])('is refused where there is none to be had (%#)', async (config, message) => {
    await expect(modelFolder(config).then(frame)).rejects.toThrow(message);
  });
});

it.each([['mdqa', 'real'], ['musique', 'low/high'], ['summhay', 'high/low'], ['summhay', 'symbolic']] as [Task, DataKind][])('%s, %s in a chat template is the same prompts within it, filled as far, with spans where they are', async (task, condition) => {
  const sourceDir = await emptyFolder();
  await smallSource(task, sourceDir);
  const folder = await modelFolder({ bos_token: '<s>', chat_template: LLAMA });
  await copyFile(join(folder, 'tokenizer.json'), join(sourceDir, 'tokenizer.json'));
  const outputDir = await emptyFolder();
  const written = await writeOffline(task, condition, sourceDir, outputDir);
  const contextTokens = task === 'mdqa' ? 2500 : 5000;
  await buildDataset({ task, condition, sourceDir, tokenizerFile: join(folder, 'tokenizer.json'), contextTokens, seed: 1, promptFormat: 'chat', examples: { train: 3, validation: 1 }, options: { listLength: 20 }, written, outputDir });
  for (const example of await readExamples(outputDir, 'train')) {
    const { prompt, promptTokens, needles, answerSpans } = example;
    expect(prompt).toMatch(/^<\|start_header_id\|>user<\|end_header_id\|>\n\nThe following are given [^]*\nAnswer:<\|eot_id\|><\|start_header_id\|>assistant<\|end_header_id\|>\n\n$/);
    expect(promptTokens).toBe(Array.from(prompt).length + 1);
    expect(promptTokens).toBeLessThanOrEqual(contextTokens);
    if (condition !== 'symbolic') expect(promptTokens).toBeGreaterThan(contextTokens - 700);
    expect(needles.every((span) => spanText(example, span).length > 2)).toBe(true);
    if (task === 'summhay') for (const span of answerSpans) expect(spanText(example, span)).toMatch(/^\d+$/);
  }
  expect(await readFile(join(outputDir, 'card.json'), 'utf8')).toContain('assistant');
});
