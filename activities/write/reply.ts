/** Strict reading of an LLM's replies: each gives its text in the form asked for, or the reason why it does not. */
import { oneLine } from '../source/passage.ts';
import { sentencesOf } from './sentences.ts';

/** What a reply says, or what is wrong with it; a wrong one is asked for again. */
export type Read<T> = { value: T } | { fault: string };

export interface TitledText {
  title: string;
  text: string;
}

export interface AskedText extends TitledText {
  question: string;
  answer: string;
}

const REFUSAL = /^(?:i(?:['’]m| am) (?:sorry|unable|not able)|sorry\b|i apologi[sz]e|apologies\b|unfortunately, i\b|unable to\b|please provide|i (?:can(?:['’]t|not)|cannot|won['’]t|don['’]t (?:have|see)|need (?:more|the))\b|as an ai\b)/i;
/** Openings of a model that talks about its answer instead of giving it: a line that ends in a colon, or a phrase that names what comes. */
const CHATTER = /^(?:sure|certainly|of course|absolutely|here(?:['’]s| is| are))\b(?:[^\n:!]{0,80}[:!][ \t]*\n+|[!,.]?[^\n:]{0,60}\b(?:rephrased|rewritten|paraphrased|simplified|shortened|sentences?|version|paragraph|response|reply)\b[^\n:]{0,40}:[ \t]*\n*|[!.][ \t]+)/i;
/** Labels that name the text behind them. */
const LABEL = /^(?:rephrased|rewritten|paraphrased|simplified|shortened|broken[- ]up)(?: \w+){0,2}:\s*/i;
/** Closing words to the reader. */
const SIGN_OFF = /\n+(?:let me know\b|feel free\b|i hope this\b|if you(?:['’]d| would) like\b|would you like\b|\(?note:)[^]*$/i;

/** What a reply says, without what a model puts around it: markdown fences and emphasis, headings, rules, openings, closings. */
function bare(reply: string): string {
  const text = reply
    .replace(/<think>[^]*?<\/think>/gi, '')
    .trim()
    .replace(/^```\w*\n|\n?```$/g, '')
    .replace(/^[ \t]*(?:-{3,}|\*{3,}|_{3,})[ \t]*$/gm, '')
    .replace(/\*\*|__/g, '')
    .replace(/^[ \t]*#{1,6}[ \t]+/gm, '')
    .trim();
  return `\n${text.replace(CHATTER, '').trim().replace(LABEL, '')}`.replace(SIGN_OFF, '').trim();
}

/** Why a reply cannot be read at all, before its form is looked at; null where nothing is wrong. */
export function faultOf({ text, finishReason, refusal }: { text: string; finishReason: string; refusal: string | null }): string | null {
  if (refusal !== null && refusal !== '') return 'refused';
  if (finishReason === 'content_filter') return 'stopped by a content filter';
  if (finishReason === 'length') return 'cut off at the token limit';
  if (finishReason !== 'stop') return `finished by "${finishReason.slice(0, 40)}"`;
  if (text.trim() === '') return 'empty';
  if (REFUSAL.test(text.trim()) || REFUSAL.test(bare(text))) return 'refused';
  return null;
}

/** A reply that is one text: on one line, without a chatty opening or quotation marks around it. */
export function readPlain(reply: string): Read<string> {
  const said = bare(reply);
  if (/^(?:1[.)]|[-*•])\s/m.test(said) && said.split('\n').length > 1) return { fault: 'several alternatives' };
  if (/^(?:Title|Text|Question|Answer):/im.test(said)) return { fault: 'with labels' };
  const text = unquoted(oneLine(said.replace(/\s+/g, ' ')));
  return text === '' ? { fault: 'empty' } : { value: text };
}

/** `Title: … Text: …`: each label once, in this order, at the start of a line. */
export function readTitled(reply: string): Read<TitledText> {
  const read = fields(reply, ['Title', 'Text']);
  if ('fault' in read) return read;
  const [title, text] = read.value as [string, string];
  return { value: { title, text } };
}

/** `Title: … Text: … Question: … Answer: …` (prompt A.2). */
export function readAsked(reply: string): Read<AskedText> {
  const read = fields(reply, ['Title', 'Text', 'Question', 'Answer']);
  if ('fault' in read) return read;
  const [title, text, question, answer] = read.value as [string, string, string, string];
  return { value: { title, text, question, answer: /^[^.\s]+(?: [^.\s]+)*\.$/.test(answer) ? answer.slice(0, -1) : answer } };
}

/** A reply that breaks a statement up: its sentences, whether they stand in a row or in a list. */
export function readSentences(reply: string): Read<string[]> {
  const lines = bare(reply).split('\n').map((line) => line.trim().replace(/^(?:[-*•–]|\d+[.)])\s+/, ''));
  // A line that ends in a colon announces the others.
  const said = lines.filter((text) => text !== '' && !text.endsWith(':')).flatMap((line) => sentencesOf(unquoted(line)));
  return said.length === 0 ? { fault: 'empty' } : { value: said };
}

/** The texts behind `labels`, which must stand at the starts of lines, each once and in this order. */
function fields(reply: string, labels: readonly string[]): Read<string[]> {
  const said = bare(reply);
  const all = [...said.matchAll(new RegExp(`^[ \\t]*(?:[-*•] |\\d+[.)] )?\\*?(?:Gold )?(${labels.join('|')})\\*?[ \\t]*:\\*?`, 'gim'))];
  const found = all.map(([, label]) => (label as string).toLowerCase());
  if (found.join() !== labels.join().toLowerCase()) return { fault: `not in the form ${labels.join('/')}` };
  const values = all.map((match, at) => unquoted(oneLine(said.slice(match.index + match[0].length, all[at + 1]?.index).trim().replace(/\s+/g, ' ')).replace(/^\[(.*)\]$/, '$1').trim()));
  const empty = labels[values.indexOf('')];
  return empty === undefined ? { value: values } : { fault: `nothing behind ${empty}` };
}

function unquoted(text: string): string {
  const inner = text.trim().match(/^["“”](.*)["“”]$/su)?.[1];
  return inner === undefined || /["“”]/.test(inner) ? text.trim() : inner.trim();
}
