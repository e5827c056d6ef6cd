/** Where each model's heads look: heatmaps with a shared scale (Figures 1 and 6–10), and any two of them held against each other. */
import { retrievalHeads, type ScoreMatrix } from '#activities/analysis/index.ts';
import type { Condition } from '#workflows/contracts/experiment.ts';
import type { HeadFindings, SettingResults } from '#workflows/contracts/report.ts';
import { html, type Html } from '../html.ts';
import { draw } from '../charts/draw.ts';
import { heatmap } from '../charts/heatmap.ts';
import { highestScore, positive, scoreScale } from '../charts/shades.ts';
import { figureAnchor, settingFigure } from '../figures/names.ts';
import { count, nameOf, plural, score } from '../format.ts';
import { settingSlug } from '../names.ts';
import { pair } from './pair.ts';
import { figure, filesNote, folded, number, shadeKey, table } from './parts.ts';
import { traced, whence } from './traces.ts';

/** Heads listed by name under the heatmaps. */
const LISTED = 10;

type Kind = HeadFindings['kind'];
const EQUATION: Readonly<Record<Kind, string>> = { retrieval: 'Eq. 1', insight: 'Eq. 2' };

/** A cell whose heads were scored. */
export interface Scored {
  condition: Condition;
  name: string;
  found: HeadFindings;
}

export const scoredCells = ({ cells }: SettingResults): Scored[] =>
  cells.flatMap(({ condition, heads: found }) => (found ? [{ condition, name: nameOf(condition), found }] : []));

export async function heads(setting: SettingResults): Promise<Html | null> {
  const scored = scoredCells(setting);
  const [first] = scored;
  if (!first) return null;
  const { kind } = first.found;
  const other = kind === 'retrieval' ? 'insight' : 'retrieval';
  const slug = settingSlug(setting);
  return html`<p class="prose">Each square is one head; its shade is the mean ${kind} score (${EQUATION[kind]}) over the model’s own validation examples. All maps share one scale. Point at a square for its score.</p>
${await maps(setting, scored, kind)}
${filesNote([settingFigure(`heads-${kind}`, setting)])}
${folded(`The ${LISTED} highest-scoring heads of each model`, topTable(setting, scored, kind))}
${folded(`${other === 'insight' ? 'Insight' : 'Retrieval'} scores (${EQUATION[other]}) of the same models`, html`${await maps(setting, scored, other)}${filesNote([settingFigure(`heads-${other}`, setting)])}`)}
${scored.length > 1 ? html`${await pair(scored.map(({ name, found }) => ({ name, matrix: found[kind] })), { title: 'Two models, head by head', scores: `${kind} scores`, slug, whence: whence(figureAnchor(settingFigure('difference', setting))) })}${filesNote([settingFigure('difference', setting), settingFigure('common-heads', setting)])}` : ''}`;
}

async function maps(setting: SettingResults, scored: readonly Scored[], kind: Kind): Promise<Html> {
  const highest = highestScore(scored.map(({ found }) => found[kind]));
  const drawn: Html[] = [];
  for (const each of scored) drawn.push(await map(setting, each, kind, highest));
  return html`<div class="multiples">${drawn}</div>${highest > 0 ? shadeKey('Scale of the heatmaps', scoreScale(highest)) : ''}`;
}

async function map(setting: SettingResults, { condition, name, found }: Scored, kind: Kind, highest: number): Promise<Html> {
  const matrix: ScoreMatrix = found[kind];
  const ranked = retrievalHeads(matrix);
  const [best] = ranked;
  const label = `${name}: ${plural(ranked.length, 'head')} of ${count(found.layers * found.heads)} above zero${best ? `; the highest is layer ${best[0]}, head ${best[1]} with ${positive(matrix[best[0]]?.[best[1]] as number)}` : ''}.`;
  const own = found.ownF1 === null || kind !== found.kind ? '' : `, own F1 ${score(found.ownF1)}`;
  const drawing = html`<div data-heatmap="${kind}" data-setting="${settingSlug(setting)}" data-condition="${condition}" data-heads="${found.heads}">${await draw(heatmap(matrix, highest))}</div>`;
  return figure({ label, caption: html`<strong>${traced(setting, condition, 'heads', name)}</strong>${plural(ranked.length, 'head')} above zero${own}`, drawing, text: '' });
}

function topTable(setting: SettingResults, scored: readonly Scored[], kind: Kind): Html {
  const ranked = scored.map(({ found }) => retrievalHeads(found[kind]).slice(0, LISTED).map(([layer, head]) => `L${layer} H${head}: ${positive(found[kind][layer]?.[head] as number)}`));
  const rows = Array.from({ length: Math.max(...ranked.map(({ length }) => length)) }, (_, at) => html`<tr><th scope="row" class="number">${at + 1}</th>${ranked.map((names, model) => number(names[at] === undefined ? '–' : traced(setting, (scored[model] as Scored).condition, 'heads', names[at])))}</tr>`);
  return table('Highest-scoring heads: layer, head and mean score', [{ head: 'Rank', numeric: true }, ...scored.map(({ name }) => ({ head: name, numeric: true }))], [html`<tbody>${rows}</tbody>`]);
}

