import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import ours from '#activities/write/prompts.json' with { type: 'json' };
import { messagesOf } from '#activities/write/prompts.ts';
import { paperPrompts } from '../dataset/support.ts';

describe.skipIf(!existsSync(paperPrompts))('prompts A.1 to A.7 (needs ../shared)', () => {
  const paper = JSON.parse(existsSync(paperPrompts) ? readFileSync(paperPrompts, 'utf8') : '{"prompts":{}}') as { prompts: Record<string, { system?: string; user: string }> };
  it.each(['A.1', 'A.2', 'A.3', 'A.4', 'A.5', 'A.6', 'A.7'] as const)('%s is the paper’s word for word', (id) => {
    const { system, user } = paper.prompts[id]!;
    expect((ours.prompts[id] as { user: string }).user).toBe(user);
    expect((ours.prompts[id] as { system?: string }).system).toBe(system);
  });
});

describe('messages of a prompt', () => {
  it('hold what was put in its places, as it is', () => {
    const [system, user] = messagesOf('A.1', { sentence: 'S $& {question}', question: 'Q?', answer: 'A' });
    expect(system!.role).toBe('system');
    expect(user!.content).toContain('S $& {question}');
    expect(user!.content).toMatch(/Question: Q\?\nAnswer: A$/);
    expect(messagesOf('A.5', { text: 'T' })).toHaveLength(1);
  });
  it('are refused where a place has no text, or a text no place', () => {
    expect(() => messagesOf('A.5', {})).toThrow(/nothing was given for \{text\}/);
    expect(() => messagesOf('A.5', { text: 'T', more: 'M' })).toThrow(/no place for more/);
  });
});
