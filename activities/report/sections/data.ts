/** What the models were trained and tested on: counts, and rendered examples with their needles (Figures 2 and 5). */
import type { DatasetCard, Example } from '#workflows/contracts/dataset.ts';
import type { SettingResults, SourceFacts } from '#workflows/contracts/report.ts';
import { html, type Html, quoted } from '../html.ts';
import { count, list, nameOf, plural, score, sourceText, taskName } from '../format.ts';
import { type Piece, promptPieces } from '../prompt.ts';
import { histogram } from '../charts/histogram.ts';
import { figure, number, table } from './parts.ts';

export function sources(found: readonly SourceFacts[]): Html {
  return html`${found.map(({ task, kind, rows, dropped, licence }) => {
    const counts = rows ? `${plural(rows.train, 'training question')}, ${plural(rows.test, 'test question')}, ${plural(rows.pool, kind === 'summhay' ? 'document' : 'further passage')}` : 'not there';
    return html`<p class="prose">Source of ${taskName(task)}: ${sourceText(kind)}; ${counts}. ${droppedText(dropped)}${licence === null ? '' : html` Licence: ${quoted(licence)}`}</p>`;
  })}`;
}

/** Table of the datasets of a setting, then samples of each. */
export async function data({ test, cells }: SettingResults): Promise<Html | null> {
  const cards = [
    ...cells.flatMap(({ condition, dataset }) => (dataset ? [{ name: nameOf(condition), card: dataset }] : [])),
    ...(test.dataset ? [{ name: 'Real test split', card: test.dataset }] : []),
  ];
  if (cards.length === 0) return null;
  const columns = [{ head: 'Data' }, { head: 'Split' }, ...['Examples', 'Tokens, least', 'Mean', 'Most'].map((head) => ({ head, numeric: true })), { head: 'Needle depth', numeric: true, title: 'Mean position of the needles in the prompt, from 0 (start) to 1 (end)' }];
  return html`${table('Datasets', columns, cards.map(({ name, card }) => html`<tbody>${Object.entries(card.splits).map(([split, { examples, promptTokens, meanNeedleDepth }], at) =>
    html`<tr>${at === 0 ? html`<th scope="rowgroup" rowspan="${Object.keys(card.splits).length}">${name}</th>` : ''}<td>${split}</td>${[count(examples), count(promptTokens.min), count(Math.round(promptTokens.mean)), count(promptTokens.max), score(meanNeedleDepth)].map(number)}</tr>`)}</tbody>`))}
<ul class="notes">${cards.map(({ name, card }) => html`<li>${name}: written by ${quoted(card.generator)}. ${droppedText(card.dropped)}</li>`)}</ul>
${await distributions(cards)}
<h3 class="sub">Samples</h3><p class="legend"><mark class="needle">needle</mark> <mark class="answer">answer in the needle</mark></p>
${cards.map(({ name, card }) => samples(name, card))}`;
}

/** Where needles stand and how long prompts are, of each dataset's training examples (or the test split's). */
async function distributions(cards: readonly { name: string; card: DatasetCard }[]): Promise<Html> {
  const figures: Html[] = [];
  for (const { name, card } of cards) {
    const found = Object.entries(card.splits)[0];
    if (found === undefined) continue;
    const [split, { needleDepths, promptTokens: { min, max, counts } }] = found;
    const depths = await histogram({ counts: needleDepths, low: 0, high: 1, noun: 'needles', title: 'depth in the prompt', format: '.1f' });
    const lengths = await histogram({ counts, low: min, high: max, noun: 'examples', title: 'tokens', format: ',d' });
    figures.push(
      figure({
        label: `${name}, ${split}: needles by tenth of the prompt ${needleDepths.join(', ')}; prompts from ${count(min)} to ${count(max)} tokens, by tenth of that range ${counts.join(', ')}`,
        caption: html`<strong>${name}</strong>${split}`,
        drawing: html`${depths}${lengths}`,
        text: '',
      }),
    );
  }
  return html`<h3 class="sub">Where needles stand, and how long prompts are</h3><div class="multiples">${figures}</div>`;
}

function droppedText(dropped: Readonly<Record<string, number>>): Html {
  const reasons = Object.entries(dropped).sort(([a], [b]) => (a < b ? -1 : 1));
  if (reasons.length === 0) return html`No row was dropped.`;
  const total = reasons.reduce((sum, [, rows]) => sum + rows, 0);
  return html`${plural(total, 'row')} dropped: ${quoted(list(reasons.map(([reason, rows]) => `${reason} (${count(rows)})`)))}.`;
}

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
