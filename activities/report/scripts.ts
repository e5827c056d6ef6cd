/**
 * The page's own scripts: source files of plain JavaScript in `page/`, put into the page as they are, each in an element of
 * its own, so that one that fails takes no other along. Everything is in the page without them; they make it handier.
 *
 * To add one: a file `page/NAME.js`, a function called at once that finds its elements by data-attributes, and its name in
 * `AT_THE_END`. What it reads beside the page's markup is put there by `dataBlock`. Functions that the server has, too, are in modules
 * of the same folder, which it imports: scripts of a page that is one file cannot, so that they stand before it in its element.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { visible } from './escape.ts';
import { type Html, trusted } from './html.ts';

/** Before anything is painted. */
const IN_HEAD = ['theme'];
/** When the page is there, in this order. */
const AT_THE_END = ['sort', 'pair', 'inspector'];

/** An import of a module of the same folder, on a line of its own. */
const IMPORT = /^import \{[^}]*\} from '\.\/([a-z]+)\.js';\n/gm;

/** A script with what it imports before it, each module once, in a scope of their own. */
function script(name: string): string {
  const modules = new Map<string, string>();
  const read = (module: string): string => {
    const source = readFileSync(new URL(`./page/${module}.js`, import.meta.url), 'utf8');
    for (const [, imported] of source.matchAll(IMPORT)) if (!modules.has(imported!)) modules.set(imported!, read(imported!));
    return source.replace(IMPORT, '').replace(/^export /gm, '');
  };
  const own = read(name);
  return modules.size === 0 ? own : `(() => {\n'use strict';\n${[...modules.values(), own].join('\n')}})();\n`;
}

const scripts = (names: readonly string[]): string[] => names.map(script);
const [inHead, atTheEnd] = [scripts(IN_HEAD), scripts(AT_THE_END)];
const elements = (sources: readonly string[]): Html => trusted(sources.map((source) => `<script>${source}</script>`).join('\n'));

export const HEAD_SCRIPTS: Html = elements(inHead);
export const END_SCRIPTS: Html = elements(atTheEnd);

/** The one source expression that a content security policy needs to let a text run or style the page. */
export const hashSource = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** What `script-src` has to allow: these scripts by their hashes, and no others. */
export const SCRIPT_SOURCES: string = [...inHead, ...atTheEnd].map(hashSource).join(' ');

/**
 * Data for a script, in the page as JSON: `JSON.parse(document.getElementById(id).textContent)`. Texts in it are made visible as
 * everywhere in the page, and no character of it can end the element. @throws TypeError where JSON has no such value
 */
export function dataBlock(id: string, value: unknown): Html {
  if (!/^[a-z][a-z0-9.-]*$/.test(id)) throw new TypeError(`id: must be lower-case letters, digits, dots and hyphens, found ${JSON.stringify(id)}`);
  const text: string | undefined = JSON.stringify(value, (_, each: unknown) => (typeof each === 'string' ? visible(each) : each));
  if (text === undefined) throw new TypeError(`the data of ${id}: must be something that JSON can tell, found ${typeof value}`);
  const safe = text.replace(/[<>&\u007f-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return trusted(`<script type="application/json" id="${id}">${safe}</script>`);
}
