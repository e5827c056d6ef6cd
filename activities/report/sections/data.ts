/** What the models were trained and tested on: counts, and rendered examples with their needles (Figures 2 and 5). */
import type { DatasetCard, Example } from '#workflows/contracts/dataset.ts';
import type { SettingResults, SiblingCheck, SourceFacts } from '#workflows/contracts/report.ts';
import { html, type Html, quoted } from '../html.ts';
import { settingFigure } from '../figures/names.ts';
import { count, dollarsText, list, nameOf, plural, score, sourceText, taskName } from '../format.ts';
import { type Piece, promptPieces } from '../prompt.ts';
import { draw } from '../charts/draw.ts';
import { type Bins, histogram } from '../charts/histogram.ts';
import { sourceAnchor, testEntry } from '../shared-traces.ts';
import { type EntryLink, measured } from '../traces.ts';
import { figure, filesNote, number, table } from './parts.ts';
import { linkTo, traced } from './traces.ts';

export function sources(found: readonly SourceFacts[]): Html {
  return html`${found.map(({ task, kind, rows, dropped, licence }) => {
    const counts = rows ? `${plural(rows.train, 'training question')}, ${plural(rows.test, 'test question')}, ${plural(rows.pool, kind === 'summhay' ? 'document' : 'further passage')}` : 'not there';
    const name = `Source of ${taskName(task)}`;
    return html`<p class="prose">${rows ? linkTo({ id: sourceAnchor(task), name }) : name}: ${sourceText(kind)}; ${counts}. ${droppedText(dropped)}${licence === null ? '' : html` Licence: ${quoted(licence)}`}</p>`;
  })}`;
}

/** Cards of a setting's datasets, the test split's last. */
const cardsOf = (setting: SettingResults): Named[] => [
  ...setting.cells.flatMap(({ condition, dataset }) => (dataset ? [{ name: nameOf(condition), from: measured(setting, condition, 'data'), card: dataset }] : [])),
  ...(setting.test.dataset ? [{ name: 'Real test split', from: testEntry(setting), card: setting.test.dataset }] : []),
];

/** Table of the datasets of a setting, then samples of each. */
export async function data(setting: SettingResults): Promise<Html | null> {
  const { siblings } = setting;
  const cards = cardsOf(setting);
  if (cards.length === 0) return null;
  const columns = [{ head: 'Data' }, { head: 'Split' }, ...['Examples', 'Tokens, least', 'Mean', 'Most'].map((head) => ({ head, numeric: true })), { head: 'Needle depth', numeric: true, title: 'Mean position of the needles in the prompt, from 0 (start) to 1 (end)' }];
  return html`${table('Datasets', columns, cards.map(({ name, from, card }) => html`<tbody>${Object.entries(card.splits).map(([split, { examples, promptTokens, meanNeedleDepth }], at) =>
    html`<tr>${at === 0 ? html`<th scope="rowgroup" rowspan="${Object.keys(card.splits).length}">${linkTo(from, name)}</th>` : ''}<td>${split}</td>${[count(examples), count(promptTokens.min), count(Math.round(promptTokens.mean)), count(promptTokens.max), score(meanNeedleDepth)].map(number)}</tr>`)}</tbody>`))}
<ul class="notes">${cards.map(({ name, from, card }) => html`<li>${linkTo(from, name)}: written by ${quoted(card.generator)}. ${droppedText(card.dropped)}${limitedText(card)}</li>`)}</ul>
${writings(cards)}
${siblings.length > 0 ? pairs(setting, siblings) : null}
${await distributions(cards, settingFigure('data', setting))}
<h3 class="sub">Samples</h3><p class="legend"><mark class="needle">needle</mark> <mark class="answer">answer in the needle</mark></p>
${cards.map(({ name, card }) => samples(name, card))}
${firstSamples(setting).length > 0 ? filesNote([settingFigure('samples', setting)]) : null}`;
}

/** `from`: the entry of where its numbers come from. */
type Named = Readonly<{ name: string; from: EntryLink; card: DatasetCard }>;

/** What the texts of conditions took. Conditions and models share texts, so the same ones may stand here more than once. */
function writings(cards: readonly Named[]): Html | null {
  const rows = cards.flatMap(({ name, from, card }) => Object.entries(card.writing).map(([role, counts]) => ({ name, from, role, ...counts })));
  if (rows.length === 0) return null;
  const columns = [{ head: 'Data' }, { head: 'Texts' }, { head: 'Writer' }, ...['Asked for', 'Written', 'Calls', 'Tokens read', 'Tokens written', 'Dollars'].map((head) => ({ head, numeric: true }))];
  const reasons = rows.flatMap(({ name, role, calls, estimated, refused, dropped, noted = {} }) => [
    ...(estimated === undefined ? [] : [html`<li>${name}, ${role}: tokens of ${count(estimated)} of ${plural(calls, 'call')} (${((100 * estimated) / calls).toFixed(0)} %) are estimated from the texts, three bytes each: the endpoint did not say. So are their dollars.</li>`]),
    ...[
      { what: 'asked for again', counts: refused },
      { what: 'given up', counts: dropped },
      { what: 'to be known of those written', counts: noted },
    ].flatMap(({ what, counts }) => (Object.keys(counts).length === 0 ? [] : [html`<li>${name}, ${role}: ${what}: ${quoted(reasonsText(counts))}.</li>`])),
  ]);
  return html`${table('Written texts; conditions and models share them', columns, [
    html`<tbody>${rows.map(({ name, from, role, writer, asked, written, calls, promptTokens, completionTokens, dollars }) => html`<tr><th scope="row">${linkTo(from, name)}</th><td>${role}</td><td>${quoted(writer)}</td>${[count(asked), count(written), count(calls), count(promptTokens), count(completionTokens), dollarsText(dollars)].map(number)}</tr>`)}</tbody>`,
  ])}${reasons.length > 0 ? html`<ul class="notes">${reasons}</ul>` : null}`;
}

/** How many of the questions that were looked at are of the limited subset (paper, C.1). */
function limitedText({ condition, splits, dropped }: DatasetCard): Html | null {
  if (condition !== 'limited') return null;
  const kept = Object.values(splits).reduce((sum, { examples }) => sum + examples, 0);
  const unfit = Object.entries(dropped).reduce((sum, [reason, rows]) => sum + (UNFIT.test(reason) ? rows : 0), 0);
  return html` ${count(kept)} of the ${plural(kept + unfit, 'question')} looked at, ${((100 * kept) / (kept + unfit)).toFixed(0)} %, are of the subset.`;
}

/** Reasons of the limited conditions (activities/dataset/mdqa/limited.ts, musique). */
const UNFIT = /^question with(?:out)? /;

/** Whether each two conditions differ in the intended dimension only. */
function pairs(setting: SettingResults, siblings: readonly SiblingCheck[]): Html {
  const columns = [{ head: 'Conditions' }, { head: 'Should differ in' }, ...['Shared rows', 'Rows of one only', 'Same question', 'Same needles', 'Padding, first', 'Padding, second'].map((head) => ({ head, numeric: true })), { head: 'As intended' }];
  const dimension = { expression: 'concept expression', diversity: 'context diversity' };
  return table('Sibling conditions: whether they differ in the intended dimension only', columns, [
    html`<tbody>${siblings.map((check) => html`<tr><th scope="row">${check.conditions.map((condition, at) => html`${at > 0 && ' and '}${traced(setting, condition, 'data', nameOf(condition))}`)}</th><td>${dimension[check.dimension]}</td>${[count(check.shared), count(check.alone[0] + check.alone[1]), count(check.sameQuestion), count(check.sameNeedles), score(check.padding[0]), score(check.padding[1])].map(number)}<td>${check.holds ? 'yes' : html`<strong>no</strong>`}${check.exception === null ? '' : ` (${check.exception})`}</td></tr>`)}</tbody>`,
  ]);
}

interface Shapes {
  name: string;
  from: EntryLink;
  split: string;
  depths: Bins;
  lengths: Bins;
}

const shapesOf = (cards: readonly Named[]): Shapes[] =>
  cards.flatMap(({ name, from, card }) =>
    Object.entries(card.splits)
      .slice(0, 1)
      .map(([split, { needleDepths, promptTokens: { min, max, counts } }]) => ({
        name,
        from,
        split,
        depths: { counts: needleDepths, low: 0, high: 1, noun: 'needles', title: 'depth in the prompt', format: '.1f' },
        lengths: { counts, low: min, high: max, noun: 'examples', title: 'tokens', format: ',d' },
      })),
  );

/** Where needles stand and how long prompts are, of each dataset's training examples (or the test split's). */
export const datasetShapes = (setting: SettingResults): Shapes[] => shapesOf(cardsOf(setting));

async function distributions(cards: readonly Named[], file: string): Promise<Html> {
  const figures: Html[] = [];
  for (const { name, from, split, depths, lengths } of shapesOf(cards)) {
    figures.push(
      figure({
        label: `${name}, ${split}: needles by tenth of the prompt ${depths.counts.join(', ')}; prompts from ${count(lengths.low)} to ${count(lengths.high)} tokens, by tenth of that range ${lengths.counts.join(', ')}`,
        caption: html`<strong>${linkTo(from, name)}</strong>${split}`,
        drawing: html`${await draw(histogram(depths))}${await draw(histogram(lengths))}`,
        text: '',
      }),
    );
  }
  return html`<h3 class="sub">Where needles stand, and how long prompts are</h3><div class="multiples">${figures}</div>
${filesNote([file])}`;
}

function droppedText(dropped: Readonly<Record<string, number>>): Html {
  const total = Object.values(dropped).reduce((sum, rows) => sum + rows, 0);
  return total === 0 ? html`No row was dropped.` : html`${plural(total, 'row')} dropped: ${quoted(reasonsText(dropped))}.`;
}

/** "no gold passage (3) and repeated question (1)"; empty where there is none. */
function reasonsText(counts: Readonly<Record<string, number>>): string {
  return list(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)).map(([reason, times]) => `${reason} (${count(times)})`));
}

/** The first rendered example of each dataset, for the figure's file. */
export const firstSamples = (setting: SettingResults): { name: string; from: EntryLink; example: Example }[] =>
  cardsOf(setting).flatMap(({ name, from, card: { samples: [example] } }) => (example ? [{ name, from, example }] : []));

function samples(name: string, { samples: found }: DatasetCard): Html | null {
  if (found.length === 0) return null;
  return html`<section class="samples" aria-label="Samples of ${name}"><h4>${name}</h4>${found.map((example, at) => sample(example, `Sample ${at + 1} of ${found.length}`, at === 0))}</section>`;
}

function sample(example: Example, title: string, open: boolean): Html {
  const { pieces, lostSpans } = promptPieces(example);
  return html`<details class="sample"${open && html` open`}><summary>${title}: ${quoted(example.question)}</summary>
<div class="prompt" dir="auto">${pieces.map(piece)}<ins class="target"> ${example.answer}</ins></div>
<p class="note">${count(example.promptTokens)} tokens. Answer trained for: ${quoted(example.answer)}.${example.answers.length > 1 ? html` Accepted: ${quoted(list(example.answers))}.` : ''}${lostSpans > 0 ? html` <strong>${plural(lostSpans, 'span')} outside the prompt.</strong>` : ''}</p></details>`;
}

function piece({ kind, text, folded: isFolded, length }: Piece): Html {
  if (kind !== 'haystack') return html`<mark class="${kind}">${text}</mark>`;
  return isFolded ? html`<details class="gap"><summary>${count(length)} more characters of haystack</summary>${text}</details>` : html`${text}`;
}
