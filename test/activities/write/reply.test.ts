import { describe, expect, it } from 'vitest';
import { faultOf, readAsked, readPlain, readSentences, readTitled } from '#activities/write/reply.ts';

describe('reading a reply', () => {
  it('tells what cannot be read at all', () => {
    const reply = (changes: object) => faultOf({ text: 'Some text.', finishReason: 'stop', refusal: null, ...changes });
    expect(reply({})).toBeNull();
    expect(reply({ refusal: 'I cannot.' })).toBe('refused');
    expect(reply({ text: 'I’m sorry, but I can’t help with that.' })).toBe('refused');
    expect(reply({ text: 'I cannot create content of this kind.' })).toBe('refused');
    expect(reply({ finishReason: 'length' })).toBe('cut off at the token limit');
    expect(reply({ finishReason: 'content_filter' })).toBe('stopped by a content filter');
    expect(reply({ finishReason: 'tool_calls' })).toBe('finished by "tool_calls"');
    expect(reply({ text: ' \n' })).toBe('empty');
  });

  it('takes a plain text without chatter and quotation marks, on one line', () => {
    expect(readPlain('Sure! Here is the sentence:\n"The mill\nwas old."')).toEqual({ value: 'The mill was old.' });
    expect(readPlain('“It was” he said “old.”')).toEqual({ value: '“It was” he said “old.”' });
    expect(readPlain('""')).toEqual({ fault: 'empty' });
  });

  it('takes titled texts in their form only', () => {
    expect(readTitled('Title: The Mill\nText: It was\nold.')).toEqual({ value: { title: 'The Mill', text: 'It was old.' } });
    expect(readTitled('**Title:** The Mill\n**Text:** It was old.')).toEqual({ value: { title: 'The Mill', text: 'It was old.' } });
    for (const bad of ['The Mill. It was old.', 'Text: T\nTitle: U', 'Title: A\nText: B\nTitle: C\nText: D']) expect(readTitled(bad)).toEqual({ fault: 'not in the form Title/Text' });
    expect(readTitled('Title:\nText: B')).toEqual({ fault: 'nothing behind Title' });
  });

  it('takes question and answer too', () => {
    expect(readAsked('Title: [The Mill]\nText: It stood.\nQuestion: What stood?\nAnswer:the mill.')).toEqual({ value: { title: 'The Mill', text: 'It stood.', question: 'What stood?', answer: 'the mill' } });
    expect(readAsked('Title: A\nText: B')).toEqual({ fault: 'not in the form Title/Text/Question/Answer' });
  });

  it('takes sentences in a row or in a list', () => {
    expect(readSentences('It grew. It fell.')).toEqual({ value: ['It grew.', 'It fell.'] });
    expect(readSentences('Here are the sentences:\n1. It grew.\n2. It fell.\n- And rose.')).toEqual({ value: ['It grew.', 'It fell.', 'And rose.'] });
  });

  it('keeps what only looks like an opening, and leaves out what a model puts around its text', () => {
    const plain = (reply: string) => readPlain(reply);
    expect(plain("Sure! Here's the rephrased sentence: At 9:30 the museum opened: nobody came.")).toEqual({ value: 'At 9:30 the museum opened: nobody came.' });
    expect(plain('Here is where the treaty was signed: Paris, in 1919.')).toEqual({ value: 'Here is where the treaty was signed: Paris, in 1919.' });
    expect(plain('**Rephrased sentence:** The mill was old.')).toEqual({ value: 'The mill was old.' });
    expect(plain('### Answer\n```\nThe mill was old.\n```')).toEqual({ value: 'Answer ``` The mill was old.' });
    expect(plain('```\nThe mill was old.\n```')).toEqual({ value: 'The mill was old.' });
    expect(plain('<think>Let me see.</think>The **mill** was old.\n\nLet me know if you want changes!')).toEqual({ value: 'The mill was old.' });
    expect(plain('1. The mill was old.\n2. Old was the mill.')).toEqual({ fault: 'several alternatives' });
    expect(plain('The mill was old.\nQuestion: what was old?\nAnswer: the mill')).toEqual({ fault: 'with labels' });
  });

  it('knows more ways to refuse', () => {
    const fault = (text: string) => faultOf({ text, finishReason: 'stop', refusal: null });
    for (const text of ['I apologize, but I need the sentence in order to rephrase it.', 'Unable to comply.', "Sure! I can't do that.", 'Please provide the sentence.']) expect(fault(text)).toBe('refused');
    expect(fault('I cannot be reached, sang the bird, and flew.')).toBe('refused');
    expect(fault('Needs are many.')).toBeNull();
  });

  it('reads labels however they are set off, and values without what stands around them', () => {
    const value = { title: 'The Mill', text: 'It stood.' };
    for (const reply of ['### **Title:** The Mill\n**Text:** It stood.', '- Title: The Mill\n- Text: It stood.', '1. Title: The Mill\n2. Text: It stood.', '*Title:* The Mill\n*Text:* It stood.', 'Title: "The Mill"\n---\nText: It stood.\n\nLet me know if you need more!']) {
      expect(readTitled(reply)).toEqual({ value });
    }
    const asked = (answer: string) => readAsked(`Title: A\nText: B\nQuestion: C?\nGold Answer: ${answer}`);
    expect(asked('**Bob**.')).toMatchObject({ value: { answer: 'Bob' } });
    expect(asked('"Bob Reed."')).toMatchObject({ value: { answer: 'Bob Reed' } });
    expect(asked('the U.S.')).toMatchObject({ value: { answer: 'the U.S.' } });
  });

  it('does not end a sentence at an abbreviation, and leaves announcements out', () => {
    expect(readSentences('The sentence can be broken up as follows:\n- **The mill** was run by Dr. Smith. It grew.\n\nLet me know if you want changes!')).toEqual({ value: ['The mill was run by Dr. Smith.', 'It grew.'] });
  });
});
