/** Every figure as a file, for papers and slides: what each shows, and where it lies. */
import { figureAnchor, figureFile } from '../figures/names.ts';
import type { FigureFile } from '../figures/sheets.ts';
import { html, type Html } from '../html.ts';
import { table } from './parts.ts';
import { linkTo } from './traces.ts';

export function figureList(files: readonly FigureFile[]): Html | null {
  if (files.length === 0) return null;
  const rows = files.map(({ name, paper, sheet }) => html`<tr><th scope="row">${linkTo({ id: figureAnchor(name), name: sheet.title })}</th><td>${paper ?? '–'}</td><td><a href="${figureFile(name, 'svg')}">${name}.svg</a></td><td><a href="${figureFile(name, 'png')}">PNG</a></td></tr>`);
  return html`<p class="prose">The figures of this page lie beside it as files, on white, each with its title and key.</p>
${table('Figures as files', [{ head: 'Figure' }, { head: 'In the paper', title: 'The paper’s figure that shows the same of its models' }, { head: 'SVG' }, { head: 'PNG' }], [html`<tbody>${rows}</tbody>`])}`;
}
