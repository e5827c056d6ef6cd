/** Pieces that several sections are built of. */
import type { CellResults, StageFacts } from '#workflows/contracts/report.ts';
import type { Scale } from '../charts/shades.ts';
import { figureFile } from '../figures/names.ts';
import { type Content, html, type Html, quoted } from '../html.ts';

export interface Column {
  /** May be marked up; `plain` stands in for it where only text can be. */
  head: Content;
  /** Numbers are set to the right, in figures of equal width. */
  numeric?: boolean;
  /** Longer explanation, read out and shown on hover. */
  title?: string;
}

/** A table that scrolls sideways by itself, by mouse and by keyboard, wherever the page is narrower than it; sorted by its headers (page/sort.js). */
export function table(caption: string, columns: readonly Column[], bodies: readonly Html[]): Html {
  const head = columns.map(({ head: content, numeric, title }) => html`<th scope="col"${numeric ? html` class="number"` : ''}${title ? html` title="${title}"` : ''}>${content}</th>`);
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table data-sortable><caption>${caption}</caption><thead><tr>${head}</tr></thead>${bodies}</table></div>`;
}

export const number = (content: Content): Html => html`<td class="number">${content}</td>`;

/** As `number`, where the text does not sort as the value does: durations, say. */
export const numberBy = (value: number, content: Content): Html => html`<td class="number" data-value="${value}">${content}</td>`;

/** A drawing with its caption, its key and the same content as text or table. */
export function figure({ label, caption, drawing, key, text }: { label: string; caption: Content; drawing: Content; key?: Content; text: Content }): Html {
  return html`<figure><div class="drawing" role="img" aria-label="${label}">${drawing}</div>${key}<figcaption>${caption}</figcaption>${text}</figure>`;
}

/** The key of a drawing whose marks are shaded. */
export function shadeKey(label: string, { shades }: Scale): Html {
  return html`<ul class="key" aria-label="${label}">${shades.map(({ colour, name }) => html`<li><span class="swatch ${colour}"></span>${name}</li>`)}</ul>`;
}

/** Where the files of figures lie: they come with the report, beside the page. */
export function filesNote(names: readonly string[]): Html {
  const files = names.map((name, at) => html`${at > 0 && '; '}<a href="${figureFile(name, 'svg')}">${name}.svg</a>, <a href="${figureFile(name, 'png')}">.png</a>`);
  return html`<p class="note files">As ${names.length === 1 ? 'a file' : 'files'} beside this page: ${files}</p>`;
}

/** Something folded away until it is wanted. */
export const folded = (summary: string, content: Content): Html => html`<details><summary>${summary}</summary>${content}</details>`;

/** What is to be said of a part that is failed, missing or not complete; nothing of a part that is done. */
export function statusNote({ status, reason }: Pick<CellResults, 'status' | 'reason'>): Html | null {
  if (status === 'done') return null;
  return html`<span class="status ${status}">${status === 'failed' ? 'failed' : 'not there'}</span>${reason === null ? '' : html` <span class="reason">${quoted(reason)}</span>`}`;
}

/** The facts of one stage among several. */
export const stageOf = (stages: readonly StageFacts[], stage: StageFacts['stage']): StageFacts | undefined => stages.find((facts) => facts.stage === stage);
