import { visible } from '../escape.ts';
import { count } from '../format.ts';
import type { Piece } from '../prompt.ts';
import type { Chart } from './draw.ts';

/** Characters of a line; the letters differ in width, so it is about a page's width. */
const COLUMNS = 110;
const LINE = 16;
const WIDTH = 640;

interface Line {
  at: number;
  text: string;
  kind: Piece['kind'] | 'gap';
}

/**
 * A rendered prompt as lines of text, its needles and answers on a ground of their own colour (Figures 2 and 5 of the paper). Each
 * of them begins a line, since how wide a text is drawn is not known before; haystack far from any needle is left out, which a line says.
 */
export function promptChart(pieces: readonly Piece[]): Chart {
  const said = pieces.flatMap(({ kind, text, folded, length }): Omit<Line, 'at'>[] =>
    folded ? [{ kind: 'gap', text: `… ${count(length)} more characters of haystack …` }] : wrapped(text).map((line) => ({ kind, text: line })),
  );
  const lines: Line[] = said.map((line, at) => ({ ...line, at }));
  const y = { field: 'at', type: 'ordinal' as const, axis: null, scale: { padding: 0 } };
  const of = (...kinds: Line['kind'][]) => [{ filter: { field: 'kind', oneOf: kinds } }];
  const text = { type: 'text' as const, align: 'left' as const, baseline: 'middle' as const, fontSize: 11 };
  const words = { x: { value: 4 }, y, text: { field: 'text' } };
  return {
    width: WIDTH,
    height: Math.max(1, lines.length) * LINE,
    data: { values: lines },
    layer: [
      ...(['needle', 'answer'] as const).map((kind) => ({ transform: of(kind), mark: { type: 'rect' as const, color: `var(--${kind})` }, encoding: { x: { value: 0 }, x2: { value: WIDTH }, y } })),
      { transform: of('haystack', 'needle'), mark: { ...text, color: 'var(--ink)' }, encoding: words },
      { transform: of('answer'), mark: { ...text, color: 'var(--ink)', fontWeight: 600 }, encoding: words },
      { transform: of('gap'), mark: { ...text, color: 'var(--muted)' }, encoding: words },
    ],
  };
}

/** The text in lines of at most `COLUMNS` characters, between words where there are any; without empty lines. Nothing of it acts. */
function wrapped(text: string): string[] {
  return visible(text)
    .split('\n')
    .flatMap((paragraph) => {
      const lines: string[] = [];
      let line = '';
      for (const word of paragraph.split(/\s+/).filter(Boolean).flatMap(cut)) {
        if (line !== '' && line.length + 1 + word.length > COLUMNS) {
          lines.push(line);
          line = '';
        }
        line = line === '' ? word : `${line} ${word}`;
      }
      return line === '' ? lines : [...lines, line];
    });
}

/** A word that is longer than a line, in parts. */
function cut(word: string): string[] {
  const points = Array.from(word);
  return Array.from({ length: Math.ceil(points.length / COLUMNS) }, (_, at) => points.slice(at * COLUMNS, (at + 1) * COLUMNS).join(''));
}
