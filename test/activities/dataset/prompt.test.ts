import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderPrompt } from '#activities/dataset/prompt.ts';
import prompts from '#activities/dataset/prompts.json' with { type: 'json' };
import { miniatureWorld } from '#activities/source/miniature/world.ts';
import { paperPrompts } from './support.ts';

describe('prompts', () => {
  it('lay out documents one per line, with their numbers', () => {
    const { prompt, needles } = renderPrompt('documents', [{ text: '(Title: A) a.' }, { text: '(Title: B) b.', needle: { start: 11, end: 13 } }], 'why {context}?');
    expect(prompt).toBe(
      'The following are given passages.\nDocument 1: (Title: A) a.\nDocument 2: (Title: B) b.\nAnswer the question based on the given passages. ' +
        'Only give me the answer and do not output any other words.\nQuestion: why {context}?\nAnswer:',
    );
    expect(needles.map(({ start, end }) => prompt.slice(start, end))).toEqual(['b.']);
  });
  it('lay out a dictionary on one line', () => {
    expect(renderPrompt('dictionary', [{ text: '"a": "b"' }, { text: '"c": "d"' }], 'q').prompt).toContain('\n{"a": "b", "c": "d"}\n');
  });
});

describe.skipIf(!existsSync(paperPrompts))('the paper (needs ../shared)', () => {
  it('has the same prompts and padding, word for word', () => {
    const paper = JSON.parse(readFileSync(paperPrompts, 'utf8'));
    for (const [name, text] of Object.entries(prompts.prompts)) expect(text).toBe(paper.prompts[name].user);
    const padding = miniatureWorld().padding.map((sentence) => `${sentence.charAt(0).toUpperCase()}${sentence.slice(1, -2)}.`).join(' ');
    expect(padding).toBe(paper.padding);
  });
});
