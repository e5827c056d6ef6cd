import { readFileSync } from 'node:fs';
import { type Content, html, type Html, trusted } from './html.ts';
import { PALETTE_STYLES } from './palette.ts';
import { END_SCRIPTS, hashSource, HEAD_SCRIPTS, SCRIPT_SOURCES } from './scripts.ts';

const STYLES = [PALETTE_STYLES, ...['./styles.css', './inspector/styles.css'].map((file) => readFileSync(new URL(file, import.meta.url), 'utf8'))].join('');

/** The page may show itself, run its own scripts, and load nothing: no network, no styles or scripts but those it came with. */
const POLICY = `default-src 'none'; style-src ${hashSource(STYLES)}; script-src ${SCRIPT_SOURCES}; base-uri 'none'; form-action 'none'`;

/** Hidden until its script is there (page/theme.js). */
const THEMES = html`<fieldset class="theme" data-theme-switch hidden><legend>Theme</legend>${[['system', 'as the system'], ['light', 'light'], ['dark', 'dark']].map(([value, name]) => html`<label><input type="radio" name="theme" value="${value}"> ${name}</label>`)}</fieldset>`;

export interface Part {
  id: string;
  title: string;
  content: Content;
}

/** One self-contained page: header, contents, parts. */
export function page(title: string, header: Html, parts: readonly Part[], footer: Content): string {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${trusted(STYLES)}</style>
${HEAD_SCRIPTS}
</head>
<body>
<a class="skip" href="#found">Skip to the findings</a>
<main>
${THEMES}
${header}
<nav aria-label="Contents"><ul>${parts.map(({ id, title: name }) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
${parts.map(({ id, title: name, content }) => html`<section aria-labelledby="${id}"><h2 id="${id}">${name}</h2>
${content}
</section>`)}
</main>
<footer>${footer}</footer>
${END_SCRIPTS}
</body>
</html>
`;
  return document.markup;
}
