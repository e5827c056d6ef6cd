import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatLine, keyOfLine, linesOf, parseLine, soundPart } from '#infra/llm/cache/lines.ts';
import type { ChatReply } from '#infra/llm/chat.ts';

const key = fc.stringMatching(/^[0-9a-f]{64}$/);
const reply: fc.Arbitrary<ChatReply> = fc.record({
  text: fc.string({ unit: 'grapheme' }),
  finishReason: fc.string(),
  refusal: fc.option(fc.string()),
  usage: fc.option(fc.record({ promptTokens: fc.nat(), completionTokens: fc.nat() })),
});

describe('lines of replies', () => {
  it('are read as they were written, wherever they lie', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, reply)), (replies) => {
        const bytes = Buffer.from(replies.map(([k, r]) => formatLine(k, r)).join(''));
        const found = [...linesOf(bytes)].map((position) => [keyOfLine(bytes, position), parseLine(bytes.toString('utf8', position.offset, position.offset + position.length))]);
        expect(found).toEqual(replies.map(([k, r]) => [k, { key: k, reply: r }]));
      }),
      { numRuns: 50 },
    );
  });

  it('lose only what was half written', () => {
    const line = (name: string) => formatLine(name.repeat(64), { text: 'täxt', finishReason: 'stop', refusal: null, usage: { promptTokens: 1, completionTokens: 1 } });
    const whole = line('a') + line('b');
    for (let cut = 0; cut < Buffer.byteLength(line('c')); cut += 1) {
      const torn = Buffer.concat([Buffer.from(whole), Buffer.from(line('c')).subarray(0, cut)]);
      expect(soundPart(torn).toString()).toBe(whole);
    }
    expect(soundPart(Buffer.from(`${line('a')}{"key":"b\n${line('b')}`)).toString()).toBe(whole);
  });
});
