/** What tells an example from that of the same question in another condition: the report checks that it is what should differ. */
import { createHash } from 'node:crypto';
import { PADDING } from '#activities/source/index.ts';
import type { Example, Pairing } from '#workflows/contracts/dataset.ts';
import type { Piece } from './draft.ts';

export function pairingOf({ id, question }: Pick<Example, 'id' | 'question'>, pieces: readonly Piece[]): Pairing {
  const needles = pieces.flatMap(({ text, needles: ranges = [] }) => ranges.map(({ start, end }) => text.slice(start, end)));
  return { id, question: digest(question), needles: digest(JSON.stringify(needles.sort())), padding: paddingShare(pieces) };
}

function paddingShare(pieces: readonly Piece[]): number {
  let padding = 0;
  let all = 0;
  for (const piece of pieces) {
    const around = outsideNeedles(piece);
    const letters = lettersIn(around);
    all += letters;
    if (PADDING.some((one) => around.includes(one))) padding += letters - lettersIn(PADDING.reduce<string>((rest, one) => rest.replaceAll(one, ''), around));
  }
  return all === 0 ? 0 : padding / all;
}

const WHITE_SPACE = /\s/;

/** Without spaces, since none belongs to the one sentence or the other. By characters: a pattern over all of a context takes tens of milliseconds. */
function lettersIn(text: string): number {
  let letters = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    // Beyond ASCII the pattern tells.
    if (code > 0x7f ? !WHITE_SPACE.test(text.charAt(at)) : code > 0x20 || (code < 0x20 && (code < 9 || code > 13))) letters += 1;
  }
  return letters;
}

function outsideNeedles({ text, needles = [] }: Piece): string {
  const edges = [0, ...needles.flatMap(({ start, end }) => [start, end]), text.length];
  return edges.flatMap((start, at) => (at % 2 === 0 ? [text.slice(start, edges[at + 1])] : [])).join(' ');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
