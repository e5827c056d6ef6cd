/** Where each model's heads look: heatmaps with a shared scale (Figures 1 and 6–10). */
import { retrievalHeads } from '#activities/analysis/index.ts';
import type { CellResults, HeadFindings, SettingResults } from '#workflows/contracts/report.ts';
import { html, type Html } from '../html.ts';
import { heatmap, highestScore, positive, SHADES } from '../charts/heatmap.ts';
import { count, nameOf, plural, score } from '../format.ts';
import { figure, folded, number, table } from './parts.ts';

/** Heads listed by name under the heatmaps. */
const LISTED = 10;

interface Scored {
  name: string;
  found: HeadFindings;
  matrix: number[][];
}

export async function heads({ cells }: SettingResults): Promise<Html | null> {
  const scored = cells.flatMap(({ condition, heads: found }: CellResults) => (found ? [{ name: nameOf(condition), found, matrix: found[found.kind] }] : []));
  const first = scored[0];
  if (!first) return null;
  const { kind } = first.found;
  const highest = highestScore(scored.map(({ matrix }) => matrix));
  const maps: Html[] = [];
  for (const each of scored) maps.push(await map(each, highest));
  return html`<p class="prose">Each square is one head; its shade is the mean ${kind} score over the model’s own validation examples. All maps share one scale. Point at a square for its score.</p>
<div class="multiples">${maps}</div>${highest > 0 ? key(highest) : ''}
${folded(`The ${LISTED} highest-scoring heads of each model`, topTable(scored))}`;
}

async function map({ name, found, matrix }: Scored, highest: number): Promise<Html> {
  const best = retrievalHeads(matrix)[0];
  const label = `${name}: ${plural(found.positive, 'head')} of ${count(found.layers * found.heads)} above zero${best ? `; the highest is layer ${best[0]}, head ${best[1]} with ${score(matrix[best[0]]?.[best[1]])}` : ''}.`;
  return figure({ label, caption: html`<strong>${name}</strong>${plural(found.positive, 'head')} above zero${found.ownF1 === null ? '' : `, own F1 ${score(found.ownF1)}`}`, drawing: await heatmap(matrix, highest), text: '' });
}

function key(highest: number): Html {
  const shades = Array.from({ length: SHADES }, (_, at) => html`<li><span class="swatch heat-${at + 1}"></span>${at === 0 ? '> 0' : score((at / SHADES) * highest)} to ${score(((at + 1) / SHADES) * highest)}</li>`);
  return html`<ul class="key" aria-label="Scale of the heatmaps"><li><span class="swatch heat-0"></span>0</li>${shades}</ul>`;
}

function topTable(scored: readonly Scored[]): Html {
  const ranked = scored.map(({ matrix }) => retrievalHeads(matrix).slice(0, LISTED).map(([layer, head]) => `L${layer} H${head}: ${positive(matrix[layer]?.[head] as number)}`));
  const rows = Array.from({ length: Math.max(...ranked.map(({ length }) => length)) }, (_, at) => html`<tr><th scope="row" class="number">${at + 1}</th>${ranked.map((names) => number(names[at] ?? '–'))}</tr>`);
  return table('Highest-scoring heads: layer, head and mean score', [{ head: 'Rank', numeric: true }, ...scored.map(({ name }) => ({ head: name, numeric: true }))], [html`<tbody>${rows}</tbody>`]);
}
