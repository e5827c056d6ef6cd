/** From a Vega-Lite description to an SVG: inside the page, or a file of its own. */
import { setImmediate } from 'node:timers/promises';
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { escapeHtml } from '../escape.ts';
import { type Html, trusted } from '../html.ts';
import { withColours } from '../palette.ts';
import { hoisted } from './hoist.ts';

/** One drawing, not yet drawn: the same for the page and for files. */
export type Chart = Extract<TopLevelSpec, { concat: unknown }>['concat'][number];

/** Charts side by side under one title, with one key for all. */
export interface Sheet {
  title: string;
  columns: number;
  /** Room beside each drawing, for its axis and labels, in pixels. Widths of text are only estimated without a DOM, so it is said. */
  beside?: number;
  /** What marks look like in the key; squares and dots are as drawn. */
  key?: 'lines';
  panels: readonly { title: string; chart: Chart }[];
}

/** What a file's text is set in; files carry no font, so that another one may stand in where this one is not there. */
const FILE_FONT = "'Source Sans 3', 'Source Sans Pro', Helvetica, Arial, sans-serif";

/** A key of more entries has several lines. */
const KEY_COLUMNS = 5;

/** Colours are the page's CSS variables, so that one drawing serves light, dark and print. */
const config = (font: string) =>
  ({
    background: 'transparent',
    padding: 4,
    font,
    view: { stroke: null },
    axis: {
      labelFont: font,
      titleFont: font,
      labelFontSize: 11,
      titleFontSize: 11,
      titleFontWeight: 'normal' as const,
      labelColor: 'var(--muted)',
      titleColor: 'var(--muted)',
      domainColor: 'var(--rule)',
      tickColor: 'var(--rule)',
      gridColor: 'var(--grid)',
      tickSize: 4,
      labelPadding: 4,
      titlePadding: 6,
    },
    // The page has keys of its own, as text.
    legend: { disable: true },
  }) satisfies TopLevelSpec['config'];

const PAGE_CONFIG = config('inherit');
const FILE_CONFIG = {
  ...config(FILE_FONT),
  padding: 0,
  title: { font: FILE_FONT, color: 'var(--ink)', fontSize: 12, fontWeight: 600, anchor: 'start' as const, offset: 6 },
  legend: { orient: 'bottom' as const, direction: 'horizontal' as const, labelFont: FILE_FONT, labelColor: 'var(--muted)', labelFontSize: 11, title: null, labelLimit: 0, columns: KEY_COLUMNS },
} satisfies TopLevelSpec['config'];

/**
 * Draws a chart for the page, on the server, without a DOM. The same description gives the same bytes: charts here use no
 * clipping and no gradients, hence no numbered definitions that would depend on what was drawn before.
 * Marks that carry a `description` show it on hover.
 */
export async function draw(chart: Chart): Promise<Html> {
  const svg = await svgOf({ ...chart, config: PAGE_CONFIG } as TopLevelSpec);
  // The figure around it carries the text alternative; the parts of the drawing would only be read out twice.
  return trusted(silent(svg).replace(/ (?:xmlns(?::xlink)?|version)="[^"]*"/g, '').replace('<svg', '<svg aria-hidden="true"'));
}

/** Draws charts as one SVG for light paper: it stands alone, with its colours, its keys and its title, on nothing (`fitted` gives it its paper). */
export async function drawSheet({ title, columns, beside = 56, key, panels }: Sheet): Promise<string> {
  const spec = {
    title: { text: title, fontSize: 14, offset: 12 },
    columns,
    bounds: 'flush',
    spacing: { row: 78, column: beside },
    concat: panels.map((panel) => ({ ...panel.chart, title: { text: panel.title } })),
    resolve: { scale: { color: 'shared', strokeDash: 'shared' }, legend: { color: 'shared', strokeDash: 'shared' } },
    config: key === 'lines' ? { ...FILE_CONFIG, legend: { ...FILE_CONFIG.legend, symbolType: 'stroke', symbolSize: 300 } } : FILE_CONFIG,
  };
  const svg = withColours(silent(await svgOf(spec as unknown as TopLevelSpec)));
  return svg.replace('<svg', `<svg role="img" aria-label="${escapeHtml(title)}"`);
}

async function svgOf(spec: TopLevelSpec): Promise<string> {
  // A page of a thousand heads takes long: heartbeats and other work of the process get their turn between drawings.
  await setImmediate();
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  if (/ id="/.test(svg)) throw new Error('a chart must not need definitions with ids (clipping, gradients)');
  return svg;
}

/** The drawing with descriptions of marks as titles, which show on hover, and without Vega's other words for screen readers. */
function silent(svg: string): string {
  const titled = svg.replace(
    /<path aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="(?:rect mark|point)"([^>]*?)\/>/g,
    (_, label: string, rest: string) => `<path${rest}><title>${label}</title></path>`,
  );
  return hoisted(titled.replace(/ (?:aria-[a-z]+|role)="[^"]*"/g, ''));
}
