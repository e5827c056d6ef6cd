/** The prompts that texts are written by (paper, appendix A), as data. */
import prompts from './prompts.json' with { type: 'json' };

export type PromptId = keyof typeof prompts.prompts;

/** What is put in the places of a prompt: `{sentence}`, `{question}`, … */
export type Slots = Readonly<Record<string, string>>;

export interface Message {
  role: 'system' | 'user';
  content: string;
}

/** The messages of a prompt with its places filled. Throws where a place has no text, or a text no place. */
export function messagesOf(id: PromptId, slots: Slots): Message[] {
  const prompt: { system?: string; user: string } = prompts.prompts[id];
  const left = new Set(Object.keys(slots));
  const content = prompt.user.replace(/\{(\w+)\}/g, (place, name: string) => {
    const text = slots[name];
    if (text === undefined) throw new Error(`prompt ${id}: nothing was given for ${place}`);
    left.delete(name);
    return text;
  });
  if (left.size > 0) throw new Error(`prompt ${id}: it has no place for ${[...left].join(', ')}`);
  return [...(prompt.system === undefined ? [] : [{ role: 'system' as const, content: prompt.system }]), { role: 'user', content }];
}
