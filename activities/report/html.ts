import { escapeHtml } from './escape.ts';

/** Markup that is safe to put into the page as it is. Made by `html` alone, and by `trusted` for what libraries draw. */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
}

/** What may stand in a template: text and numbers (escaped), markup, lists of these, and nothing. */
export type Content = string | number | Html | null | undefined | false | readonly Content[];

/** Template tag: everything put into it is escaped, unless it is markup itself. */
export function html(parts: TemplateStringsArray, ...contents: Content[]): Html {
  let markup = parts[0] as string;
  for (const [at, content] of contents.entries()) markup += markupOf(content) + (parts[at + 1] as string);
  return new Html(markup);
}

/** Markup from a library that escapes its input itself (Vega), or from a file of ours. */
export function trusted(markup: string): Html {
  return new Html(markup);
}

/** Text that data or a model wrote: set apart, so that its writing direction does not reach its surroundings. */
export function quoted(text: string): Html {
  return html`<bdi>${text}</bdi>`;
}

function markupOf(content: Content): string {
  if (content === null || content === undefined || content === false) return '';
  if (content instanceof Html) return content.markup;
  if (typeof content === 'object') return content.map(markupOf).join('');
  return escapeHtml(String(content));
}
