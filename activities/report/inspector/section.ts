/** The head inspector: where a head looked while answers were written, for two models side by side. */
import { retrievalHeads } from '#activities/analysis/index.ts';
import type { Condition, Head } from '#workflows/contracts/experiment.ts';
import type { InspectedExample, Inspection } from '#workflows/contracts/inspection.ts';
import type { CellResults, HeadFindings, SettingResults, SweepResults } from '#workflows/contracts/report.ts';
import { nameOf, plural, settingName } from '../format.ts';
import { positive } from '../charts/shades.ts';
import { html, type Html, quoted } from '../html.ts';
import { dataBlock } from '../scripts.ts';
import { table } from '../sections/parts.ts';
import { settingSlug } from '../names.ts';
import { unitId } from '../../analysis/units.ts';
import { attendedBy, excerpt, looks } from '../page/looks.js';

/** A cell with what there is to inspect of it. */
interface Inspected {
  /** `mdqa/tiny-llama/real`. */
  id: string;
  condition: Condition;
  name: string;
  found: HeadFindings;
  inspection: Inspection;
}

/** The inspector of a whole sweep (page/inspector.js), and in its place, without scripts, one head of every model on one prompt. */
export function inspector(results: SweepResults): Html | null {
  const settings = results.settings.map((setting) => ({ name: settingName(setting), slug: settingSlug(setting), cells: inspectedOf(setting) })).filter(({ cells }) => cells.some(({ inspection }) => inspection.examples.length > 0));
  if (settings.length === 0) return null;
  return html`<p class="prose">Which token of the context a head attended most while each token of an answer was ${results.spec.score.decode === 'greedy' ? 'written' : 'due (the true answer was forced)'}. Each model is scored on the validation split of its own data, so two models side by side have two prompts: where both have an example of the same source row, these are compared, each in its own condition’s words.</p>
${bounds(settings.flatMap(({ cells }) => cells))}
<div data-inspector></div>
<div data-inspector-still>${settings.map(({ name, cells }) => [settings.length > 1 && html`<h3>${name}</h3>`, still(cells)])}</div>
${dataBlock('inspections', settings.map(({ name, slug, cells }) => ({ name, slug, cells: cells.map(cellData) })))}`;
}

function inspectedOf(setting: SettingResults): Inspected[] {
  return setting.cells.flatMap(({ condition, heads: found, inspection }: CellResults) => (found && inspection ? [{ id: unitId(setting, condition), condition, name: nameOf(condition), found, inspection }] : []));
}

/** What the page holds, and what it leaves out. */
function bounds(cells: readonly Inspected[]): Html {
  const examples = cells.flatMap(({ inspection }) => inspection.examples);
  const sum = (of: (inspection: Inspection) => number) => cells.reduce((total, { inspection }) => total + of(inspection), 0);
  const outside = examples.reduce((total, each) => total + each.outside, 0);
  const [headsLeftOut, examplesLeftOut] = [sum((each) => each.headsLeftOut), sum((each) => each.examplesLeftOut)];
  const tokensLeftOut = examples.reduce((total, each) => total + each.tokensLeftOut, 0);
  const writtenLeftOut = examples.reduce((total, each) => total + each.writtenLeftOut, 0);
  return html`<p class="note">The page holds ${plural(examples.length, 'prompt')} of ${plural(cells.length, 'model')}; ${plural(examplesLeftOut, 'further scored example')}${headsLeftOut > 0 ? `, ${plural(headsLeftOut, 'head')} of low score` : ''}${writtenLeftOut > 0 ? `, ${plural(writtenLeftOut, 'token')} at the end of answers` : ''} and ${plural(tokensLeftOut, 'token')} of the prompts are left out${outside > 0 ? `, to which ${plural(outside, 'look')} of heads went` : ''}. Everything is in <code>examples.safetensors</code> of each <code>score</code> artifact (see <a href="#provenance">Provenance</a>) and <code>validation.jsonl</code> of its dataset.</p>`;
}

/** One head in every model of a setting: that of highest score on real data, else of the first model. */
function still(cells: readonly Inspected[]): Html {
  const first = cells.find(({ condition }) => condition === 'real') ?? (cells[0] as Inspected);
  const head = retrievalHeads(first.found[first.found.kind])[0] ?? [0, 0];
  const row = first.inspection.examples[0]?.id;
  const shown = cells.flatMap((cell) => {
    const example = cell.inspection.examples.find(({ id }) => id === row) ?? cell.inspection.examples[0];
    const attended = example && attendedBy(cell.inspection, example, head, cell.found.heads);
    return example && attended ? [exampleView(cell, example, head, attended)] : [];
  });
  return html`<p class="prose">Layer ${head[0]}, head ${head[1]}: of ${first.name}, the one that scores highest.</p><div class="looks">${shown}</div>`;
}

function exampleView({ name, found }: Inspected, example: InspectedExample, head: Head, attended: readonly number[]): Html {
  const rows = looks(example, attended).map(({ written, token, where }, at) => html`<tr><th scope="row" class="number">${at + 1}</th><td class="token">${quoted(written)}</td><td class="token">${token === null ? '' : quoted(token)}</td><td>${where}</td></tr>`);
  const caption = `${name}: layer ${head[0]}, head ${head[1]}, mean ${found.kind} score ${positive(found[found.kind][head[0]]?.[head[1]] ?? 0)}`;
  return html`<section class="look" aria-label="${caption}">${table(caption, [{ head: '', numeric: true }, { head: 'Token of the answer' }, { head: 'Attended' }, { head: 'Where' }], [html`<tbody>${rows}</tbody>`])}
<p class="note">Prompt of ${name}, source row ${quoted(example.id)}: ${quoted(example.question)} Trained answer: ${quoted(example.answer)}.${example.counted ? '' : ' Not among the examples that scores are means of.'}</p>
<div class="prompt" dir="auto">${excerpt(example, attended).map(pieceView)}</div></section>`;
}

function pieceView(piece: ReturnType<typeof excerpt>[number]): Html {
  if (piece.kind === 'gap') return html`<span class="left-out"> … ${plural(piece.tokens, 'token')} … </span>`;
  const word = piece.text.trimEnd();
  const marked = piece.attendedFor.length > 0 ? html`<strong class="attended">${word}<sup>${piece.attendedFor.join(', ')}</sup></strong>${piece.text.slice(word.length)}` : html`${piece.text}`;
  if (piece.kind === 'special') return html`<span class="special">${marked}</span>`;
  return piece.kind === 'plain' ? marked : html`<mark class="${piece.kind}">${marked}</mark>`;
}

/** What page/inspector.js reads of a cell; scores to four decimals. */
function cellData({ id, condition, name, found, inspection }: Inspected): unknown {
  const scores = found[found.kind].flat().map((value) => Number(value.toFixed(4)) || (value > 0 ? 0.0001 : 0));
  return { id, condition, name, kind: found.kind, layers: found.layers, heads: found.heads, scores, kept: inspection.heads, examples: inspection.examples };
}

