import { describe, expect, it } from 'vitest';
import { checkExample, ExampleError, type ExampleTruth } from '#activities/dataset/index.ts';
import type { Example } from '#workflows/contracts/dataset.ts';

const needle = 'It was founded by Anna Reed.';
const other = 'Document 2: (Title: Oak Inn) It is old.';
const prompt = `The following are given passages.\nDocument 1: (Title: Elm Mill 😀) ${needle}\n${other}\nAnswer it.\nQuestion: Who?\nAnswer:`;
const at = (text: string) => {
  const start = Array.from(prompt.slice(0, prompt.indexOf(text))).length;
  return { start, end: start + text.length };
};
const good: Example = {
  id: 'e1', task: 'mdqa', condition: 'real', split: 'train', prompt, answer: 'Anna Reed', answers: ['Anna Reed'], question: 'Who?',
  needles: [at(needle)], answerSpans: [at('Anna Reed')], promptTokens: 30,
};
const promptEnd = '\nAnswer it.\nQuestion: Who?\nAnswer:';
const truth: ExampleTruth = { contextTokens: 30, mayMiss: 2, promptEnd, needleTexts: [needle], otherTexts: [other], answerIn: 'needles', answersOnlyInNeedles: true };

describe('the check of an example', () => {
  it('lets a sound one pass', () => {
    expect(() => checkExample(good, truth)).not.toThrow();
  });

  const shift = ({ start, end }: { start: number; end: number }) => ({ start: start + 1, end: end + 1 });
  it.each<[string, Partial<Example>, Partial<ExampleTruth>, RegExp]>([
    ['a prompt above its length', { promptTokens: 31 }, {}, /promptTokens: found 31, allowed: at most 30/],
    ['a prompt that is left half empty', { promptTokens: 27 }, {}, /promptTokens: found 27, allowed: at least 28, since there is something to fill 30 with/],
    ['another question', { question: 'Where?' }, {}, /prompt: does not end in its question/],
    ['a needle elsewhere', { needles: [shift(at(needle))] }, {}, /needles: found/],
    ['a missing needle', {}, { needleTexts: [needle, 'x'] }, /needles: found/],
    ['a needle that stands there twice', { needles: [at('Document ')], answerSpans: [at('Anna Reed')] }, { needleTexts: ['Document '] }, /more than once/],
    ['an answer that does not count as right', { answer: 'Reed' }, {}, /answer: found "Reed"/],
    ['no answer span', { answerSpans: [] }, {}, /answerSpans: found none/],
    ['a shifted answer span', { answerSpans: [shift(at('Anna Reed'))] }, {}, /answerSpans: found "nna Reed\."/],
    ['an answer outside every needle', { answers: ['Anna Reed', 'Oak Inn'], answerSpans: [at('Oak Inn')] }, { otherTexts: [] }, /lies in no needle/],
    ['a distractor with an answer', { answers: ['Anna Reed', 'OAK the Inn!'] }, {}, /a passage without needle contains an answer/],
    ['an answer beside the needle', { answers: ['Anna Reed', 'Elm Mill'] }, {}, /stands outside its needle/],
    ['a field that breaks the contract', { answers: [] }, {}, /answers: found \[\], allowed: at least 1 elements/],
  ])('refuses %s', (_, fields, told, message) => {
    const check = () => checkExample({ ...good, ...fields }, { ...truth, ...told });
    expect(check).toThrow(ExampleError);
    expect(check).toThrow(message);
    expect(check).toThrow(/example e1/);
  });
});
