/**
 * Two models held against each other, head by head: difference of scores, and which heads they have in common.
 * The page shows two and, with its script (page/pair.js), any two: the drawings stay, their squares change shade.
 */
import { cosine, type ScoreMatrix } from '#activities/analysis/index.ts';
import { draw } from '../charts/draw.ts';
import { differenceMap, OVERLAP, overlapAt, overlapMap } from '../charts/heatmap.ts';
import { differenceScale, widestDifference } from '../charts/shades.ts';
import { count, score } from '../format.ts';
import { html, type Html } from '../html.ts';
import { dataBlock } from '../scripts.ts';
import { figure, shadeKey } from './parts.ts';

export interface PairedModel {
  name: string;
  matrix: ScoreMatrix;
  /** Where models are of several settings: the one's slug, and its name there. */
  within?: { setting: string; name: string };
}

export interface PairOptions {
  title: string;
  /** What is subtracted: "retrieval scores". */
  scores: string;
  slug: string;
  /** A link to what all models' scores were read from. */
  whence: Html;
  /** Which two are shown first. */
  shown?: readonly [number, number];
}

/** @throws RangeError where models differ in shape */
export async function pair(scored: readonly PairedModel[], { title, scores, slug, whence, shown: [left, right] = [0, 1] }: PairOptions): Promise<Html> {
  const models = scored.map(({ name, matrix }) => ({ name, matrix: rounded(matrix) }));
  const [first, second] = [models[left], models[right]];
  if (first === undefined || second === undefined) throw new RangeError(`scored: two models at least, found ${scored.length}`);
  const widest = widestDifference(models.map(({ matrix }) => matrix));
  const difference = differenceScale(widest);
  const id = `pair-${slug}`;
  const counts = countsOf(first.matrix, second.matrix);
  const choices = (which: string, chosen: number) =>
    html`<select data-choice="${which}">${scored.map(({ name, within }, at) => html`<option value="${at}"${at === chosen && html` selected`}${within && html` data-setting="${within.setting}" data-name="${within.name}"`}>${name}</option>`)}</select>`;
  const names = { first: html`<span data-name="first">${first.name}</span>`, second: html`<span data-name="second">${second.name}</span>` };
  return html`<h3 class="sub">${title}</h3>
<div data-pair="${id}">
<p class="choices" hidden><label>First ${choices('first', left)}</label> <label>second ${choices('second', right)}</label></p>
<p class="note" aria-live="polite">${names.first} has <span data-count="1">${count(counts[1])}</span> heads above zero that ${names.second} has not, ${names.second} has <span data-count="2">${count(counts[2])}</span> that ${names.first} has not, and <span data-count="3">${count(counts[3])}</span> both have. Cosine of their scores: <span data-cosine>${score(cosine(first.matrix, second.matrix))}</span>. ${whence}</p>
<div class="multiples">${[
    figure({
      label: `Difference of ${scores} by layer and head, between two models; the first is ${first.name}, the second ${second.name} unless others were chosen.`,
      caption: html`<strong>${names.first} minus ${names.second}</strong>difference of ${scores}; one scale for any two models. ${whence}`,
      drawing: html`<div data-map="difference">${await draw(differenceMap(first.matrix, second.matrix, widest))}</div>`,
      text: '',
    }),
    figure({
      label: `Heads with positive ${scores} in the first model only, in the second only, in both, and in neither, by layer and head.`,
      caption: html`<strong>Heads above zero</strong>in ${names.first} (first), in ${names.second} (second), in both. ${whence}`,
      drawing: html`<div data-map="overlap">${await draw(overlapMap(first.matrix, second.matrix))}</div>`,
      text: '',
    }),
  ]}</div>
${shadeKey('Scale of the difference', difference)}
${shadeKey('Heads above zero', OVERLAP)}
${dataBlock(id, {
    heads: first.matrix[0]?.length ?? 0,
    models: models.map(({ name, matrix }) => ({ name, scores: matrix.flat() })),
    difference: { bounds: difference.bounds, colours: difference.shades.map(({ colour }) => colour) },
    overlap: OVERLAP.shades,
  })}
</div>`;
}

/** As many digits as the page tells its script, so that both shade alike; a positive score stays one. */
const rounded = (matrix: ScoreMatrix): number[][] => matrix.map((row) => row.map((value) => Number(value.toPrecision(6))));

/** How many heads are of each place in `OVERLAP`. */
function countsOf(first: ScoreMatrix, second: ScoreMatrix): [number, number, number, number] {
  const counts: [number, number, number, number] = [0, 0, 0, 0];
  for (const [layer, row] of first.entries()) for (const [head, one] of row.entries()) counts[overlapAt(one, second[layer]?.[head] as number) as 0 | 1 | 2 | 3] += 1;
  return counts;
}
