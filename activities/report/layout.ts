import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Content, html, type Html, trusted } from './html.ts';

const STYLES = readFileSync(new URL('./styles.css', import.meta.url), 'utf8');

/** The page may show itself and load nothing: no scripts, no network, no styles but its own. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLES).digest('base64')}'; base-uri 'none'; form-action 'none'`;

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
</head>
<body>
<a class="skip" href="#found">Skip to the findings</a>
<main>
${header}
<nav aria-label="Contents"><ul>${parts.map(({ id, title: name }) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
${parts.map(({ id, title: name, content }) => html`<section aria-labelledby="${id}"><h2 id="${id}">${name}</h2>
${content}
</section>`)}
</main>
<footer>${footer}</footer>
</body>
</html>
`;
  return document.markup;
}
