import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderPrompt } from '#activities/dataset/prompt.ts';
import prompts from '#activities/dataset/prompts.json' with { type: 'json' };
import { miniatureWorld } from '#activities/source/miniature/world.ts';
import { paperPrompts } from './support.ts';

describe('prompts', () => {
  it('lay out documents one per line, with their numbers', () => {
    const { prompt, needles } = renderPrompt('documents', [{ text: '(Title: A) a.' }, { text: '(Title: B) b.', needles: [{ start: 11, end: 13 }] }], 'why {context}?');
    expect(prompt).toBe(
      'The following are given passages.\nDocument 1: (Title: A) a.\nDocument 2: (Title: B) b.\nAnswer the question based on the given passages. ' +
        'Only give me the answer and do not output any other words.\nQuestion: why {context}?\nAnswer:',
    );
    expect(needles.map(({ start, end }) => prompt.slice(start, end))).toEqual(['b.']);
  });
  it('lay out documents with numbers of their own, and find those that hold needles', () => {
    const pieces = [{ text: 'A 24.', number: 7 }, { text: 'B needle.', number: 24, needles: [{ start: 2, end: 8 }] }];
    const { prompt, needles, numbers } = renderPrompt('numbered documents', pieces, 'It is {statement}.');
    expect(prompt).toContain('The following are given documents.\nDocument [7]: A 24.\nDocument [24]: B needle.\nFor the given statement, identify');
    expect(prompt.endsWith('\nStatement: It is {statement}.\nAnswer:')).toBe(true);
    const read = ({ start, end }: { start: number; end: number }) => prompt.slice(start, end);
    expect([needles.map(read), numbers.map(read)]).toEqual([['needle'], ['24']]);
    expect(prompt.slice(0, numbers[0]!.start).endsWith('Document [')).toBe(true);
  });
  it('lay out a dictionary on one line, and named ones on a line each', () => {
    expect(renderPrompt('dictionaries', [{ text: "ABCD {'E': 'F'}" }, { text: 'GHIJ {}' }], 'q').prompt).toContain("\nABCD {'E': 'F'}\nGHIJ {}\n");
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
