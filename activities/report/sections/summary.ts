import type { SweepResults } from '#workflows/contracts/report.ts';
import { html, type Html, quoted } from '../html.ts';
import { settingName } from '../format.ts';
import { nature } from '../nature.ts';
import { findingAnchor, RUN_ANCHOR } from '../grouped-traces.ts';
import { overall } from '../overall.ts';
import { completeness, findings, whatWasRun } from '../summary.ts';
import { whence } from './traces.ts';

/** Name of the sweep, what it is and is not, and what it found. */
export function header(results: SweepResults): Html {
  const { done, total } = completeness(results);
  const statements = nature(results);
  const inAll = overall(results);
  return html`<header>
<p class="kind">Needlework sweep</p>
<h1>${results.name}</h1>
${results.description === '' ? '' : html`<p class="lead">${quoted(results.description)}</p>`}
${statements.length === 0 ? '' : html`<div class="nature" role="note">${statements.map((statement) => html`<p>${quoted(statement)}</p>`)}<p>${whence(RUN_ANCHOR)}</p></div>`}
</header>
<section aria-labelledby="found"><h2 id="found">What was found</h2>
<p class="run${done < total ? ' incomplete' : ''}">${whatWasRun(results)} ${whence(RUN_ANCHOR)}</p>
${inAll.length === 0 ? '' : html`<ul class="findings">${inAll.map(({ text }, at) => html`<li>${text} ${whence(findingAnchor(at))}</li>`)}</ul>`}
${results.settings.map((setting) => {
  const sentences = findings(setting);
  const title = results.settings.length > 1 ? html`<h3>${settingName(setting)}</h3>` : '';
  return html`${title}${sentences.length === 0 ? html`<p>Nothing has been measured yet.</p>` : html`<ul class="findings">${sentences.map(({ text }, at) => html`<li>${text} ${whence(findingAnchor(at, setting))}</li>`)}</ul>`}`;
})}
</section>`;
}
