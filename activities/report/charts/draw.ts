/** From a Vega-Lite description to an SVG inside the page. */
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { type Html, trusted } from '../html.ts';

const FONT = { labelFont: 'inherit', titleFont: 'inherit', labelFontSize: 11, titleFontSize: 11 };

/** Colours are the page's CSS variables, so that one drawing serves light, dark and print. */
const CONFIG = {
  background: 'transparent',
  padding: 4,
  font: 'inherit',
  view: { stroke: null },
  axis: {
    ...FONT,
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
  legend: { disable: true },
} satisfies TopLevelSpec['config'];

/**
 * Draws a chart on the server, without a DOM. The same description gives the same bytes: charts here use no clipping
 * and no gradients, hence no numbered definitions that would depend on what was drawn before.
 * Marks that carry a `description` show it on hover.
 */
export async function draw(spec: TopLevelSpec): Promise<Html> {
  const view = new vega.View(vega.parse(compile({ ...spec, config: CONFIG } as TopLevelSpec).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  if (/ id="/.test(svg)) throw new Error('a chart must not need definitions with ids (clipping, gradients)');
  return trusted(
    svg
      .replace(
        /<path aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="(?:rect mark|point)"([^>]*?)\/>/g,
        (_, label: string, rest: string) => `<path${rest}><title>${label}</title></path>`,
      )
      // The figure around it carries the text alternative; the parts of the drawing would only be read out twice.
      .replace(/ (?:aria-[a-z]+|role)="[^"]*"/g, '')
      .replace(/ (?:xmlns(?::xlink)?|version)="[^"]*"/g, '')
      .replace('<svg', '<svg aria-hidden="true"'),
  );
}
