/** The page as a reader has it: in a browser, from disk, with and without its scripts. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { differenceText } from '#activities/report/charts/heatmap.ts';
import { nameOf } from '#activities/report/format.ts';
import { renderReport } from '#activities/report/index.ts';
import { PALETTE } from '#activities/report/palette.ts';
import { Condition } from '#workflows/contracts/experiment.ts';
import { CHROMIUM, openBrowser } from '../../support/browser.ts';
import { fixtureResults } from './fixture.ts';

const results = fixtureResults({ conditions: ['real', 'high/high', 'low/low', 'symbolic'] });
const [setting] = results.settings;
/** Milliseconds that a browser on a busy machine may take for anything. */
const PATIENCE = 240_000;

/** The last condition of the fixture has failed. */
const scored = setting!.cells.filter(({ heads }) => heads !== null);

/** What the functions that run in the browser know; the rest of the program has no such things. */
declare const getComputedStyle: (element: unknown) => { fill: string };
interface Row {
  cells: { textContent: string }[];
}
interface Title {
  textContent: string;
  parentElement: unknown;
}

/** Tables of the page; the head inspector's come and go with its script. */
const TABLES = 'table:not([data-inspector] *, [data-inspector-still] *)';

const rgb = (hex: string) => `rgb(${[1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join(', ')})`;
const [LIGHT, DARK] = PALETTE.page.map(rgb) as [string, string];
const background = (page: Page) => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');

describe.skipIf(CHROMIUM === undefined)(`the page in a browser${CHROMIUM === undefined ? ' (skipped: this machine has no Chromium; NEEDLEWORK_CHROMIUM may name one)' : ''}`, { timeout: 2 * PATIENCE }, () => {
  let browser: Browser;
  let folder: string;
  let url: string;
  /** Read by one test after the other, from light and sorted as it came. */
  let page: Page;
  const complaints: string[] = [];
  const loaded: string[] = [];

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const opened = await (await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options })).newPage();
    opened.setDefaultTimeout(PATIENCE);
    opened.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    opened.on('pageerror', ({ message }) => complaints.push(message));
    opened.on('request', (request) => loaded.push(request.url()));
    await opened.goto(url);
    return opened;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'page-'));
    url = pathToFileURL(join(folder, 'report.html')).href;
    await writeFile(join(folder, 'report.html'), await renderReport(results));
    browser = await openBrowser();
    page = await open({ colorScheme: 'light' });
  }, PATIENCE);
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('has every part, table and figure, drawn and of some size', async () => {
    // Texts, since what runs in the browser is not of this program's types.
    const found = await page.evaluate<{ parts: string[]; ofPaper: string[]; drawings: boolean[]; tables: boolean[]; marks: number }>(`(() => {
      const sized = (element) => element.getBoundingClientRect().width > 40 && element.getBoundingClientRect().height > 20;
      for (const details of document.querySelectorAll('details')) details.open = true;
      return {
        parts: Array.from(document.querySelectorAll('main > section > h2'), ({ id }) => id),
        ofPaper: Array.from(document.querySelectorAll('h3[id^="table-"]'), (heading) => /^Table \\d+/.exec(heading.textContent)?.[0] ?? heading.textContent),
        drawings: Array.from(document.querySelectorAll('svg'), sized),
        tables: Array.from(document.querySelectorAll('${TABLES}'), (table) => table.caption !== null && table.tBodies.length > 0 && sized(table)),
        marks: document.querySelectorAll('.prompt mark').length,
      };
    })()`);
    expect(found.parts).toEqual(['found', 'results', 'heads', 'inspector', 'overlap', 'masking', 'patching', 'paper-tables', 'advisor', 'answers', 'data', 'training', 'figures', 'methods', 'time', 'provenance']);
    // Those of the paper of which the sweep has something, in its order.
    expect(found.ofPaper).toEqual(results.paper.tables.map(({ table }) => `Table ${table}`));
    expect(found.ofPaper).toEqual(expect.arrayContaining(['Table 1', 'Table 3', 'Table 4', 'Table 5', 'Table 12']));
    expect(found.drawings.every(Boolean)).toBe(true);
    // F1, heads by two scores, two models head by head, cosine and F1, masking, loss, and two of each dataset.
    expect(found.drawings).toHaveLength(1 + 2 * scored.length + 2 + 1 + scored.length + scored.length + 2 * (setting!.cells.length + 1));
    expect(found.tables.every(Boolean)).toBe(true);
    expect(found.tables.length).toBeGreaterThan(12);
    expect(found.marks).toBeGreaterThan(0);
  });

  test('tells layer, head and score of the square that is pointed at', async () => {
    const map = page.locator('[data-heatmap="retrieval"][data-condition="real"] svg').first();
    await map.scrollIntoViewIfNeeded();
    const matrix = scored[0]!.heads!.retrieval;
    const [layer, head] = matrix.flatMap((row, at) => row.map((value, column) => [at, column, value] as const)).reduce((best, each) => (each[2] > best[2] ? each : best));
    const square = map.locator('path:has(> title)').nth(layer * matrix[0]!.length + head);
    await square.hover();
    const box = (await square.boundingBox())!;
    const text = await page.evaluate<string>(`document.elementFromPoint(${box.x + box.width / 2}, ${box.y + box.height / 2})?.querySelector('title')?.textContent`);
    expect(text).toBe(`layer ${layer}, head ${head}: ${matrix[layer]![head]!.toFixed(2)}`);
  });

  test('sorts tables by a column, by keyboard, and says how', async () => {
    const region = page.getByRole('region', { name: 'F1 on the real test split by training data' }).first();
    const header = region.getByRole('columnheader', { name: 'F1', exact: true });
    const column = () => region.locator('tbody').last().locator('tr').evaluateAll((rows) => rows.map((row): string => (row as unknown as Row).cells[1]!.textContent));
    const f1 = scored.map(({ evaluation }) => evaluation!.f1.mean.toFixed(2));
    const original = await column();
    const [failed] = original.slice(scored.length);
    expect(original.slice(0, scored.length)).toEqual(f1);
    await header.getByRole('button').focus();
    await page.keyboard.press('Enter');
    expect(await header.getAttribute('aria-sort')).toBe('descending');
    expect(await column()).toEqual([...f1.toSorted().reverse(), failed]);
    await page.keyboard.press('Space');
    expect(await header.getAttribute('aria-sort')).toBe('ascending');
    // What is not there stays behind what is.
    expect(await column()).toEqual([...f1.toSorted(), failed]);
    const names = region.getByRole('columnheader', { name: 'Training data' });
    await names.getByRole('button').click();
    expect([await header.getAttribute('aria-sort'), await names.getAttribute('aria-sort')]).toEqual([null, 'ascending']);
    await names.getByRole('button').click();
    await names.getByRole('button').click();
    expect(await names.getAttribute('aria-sort')).toBe(null);
    expect(await column()).toEqual(original);
  });

  test('is light or dark as the system, or as is chosen, and remembers', async () => {
    expect(await background(page)).toBe(LIGHT);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await background(page)).toBe(DARK);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.getByRole('radio', { name: 'dark', exact: true }).check();
    expect(await background(page)).toBe(DARK);
    await page.reload();
    expect(await background(page)).toBe(DARK);
    expect(await page.getByRole('radio', { name: 'dark', exact: true }).isChecked()).toBe(true);
    // A drawing is of the theme too.
    const fill = () => page.locator('[data-heatmap] path:has(> title)').first().evaluate((path) => getComputedStyle(path).fill);
    const dark = await fill();
    await page.getByRole('radio', { name: 'light', exact: true }).check();
    expect(await background(page)).toBe(LIGHT);
    expect(await fill()).not.toBe(dark);
    await page.getByRole('radio', { name: 'as the system' }).check();
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await background(page)).toBe(DARK);
    await page.emulateMedia({ colorScheme: 'light' });
  });

  test('holds any two models against each other, as the server would have drawn them', async () => {
    const pair = page.locator('[data-pair]').first();
    const drawn = () => pair.locator('[data-map] title').evaluateAll((titles) => titles.map((title) => ({ text: (title as unknown as Title).textContent, fill: getComputedStyle((title as unknown as Title).parentElement).fill })));
    const note = () => pair.locator('p.note').textContent();
    const [first, second] = [await drawn(), await note()];
    const [one, other] = [scored.at(-1)!, scored[0]!];
    await pair.locator('[data-choice="first"]').selectOption(nameOf(one.condition));
    await pair.locator('[data-choice="second"]').selectOption(nameOf(other.condition));
    const texts = (await drawn()).map(({ text }) => text);
    const [own, theirs] = [one, other].map(({ heads }) => heads!.retrieval.flat()) as [number[], number[]];
    const width = one.heads!.heads;
    expect(texts.slice(0, own.length)).toEqual(own.map((value, at) => `layer ${Math.floor(at / width)}, head ${at % width}: ${differenceText(value, theirs[at]!)}`));
    expect(texts.slice(own.length).filter((text) => text!.endsWith(': both'))).toHaveLength(own.filter((value, at) => value > 0 && theirs[at]! > 0).length);
    expect(await note()).toContain(`Cosine of their scores: ${one.heads!.cosine!.toFixed(2)}.`);
    expect(await note()).not.toBe(second);
    // Back to the models that the page came with: what the script makes is what the server drew.
    await pair.locator('[data-choice="first"]').selectOption(nameOf(scored[0]!.condition));
    await pair.locator('[data-choice="second"]').selectOption(nameOf(scored[1]!.condition));
    expect([await drawn(), await note()]).toEqual([first, second]);
  });

  test('holds any two cells of several settings against each other, and inspects the heads of either', async () => {
    const file = join(folder, 'settings.html');
    const other = { ...setting!, task: 'musique' as const, cells: setting!.cells.map((cell) => ({ ...cell, heads: cell.heads && { ...cell.heads, retrieval: cell.heads.retrieval.map((row) => row.toReversed()) } })) };
    await writeFile(file, await renderReport({ ...results, settings: [setting!, other] }));
    const several = await (await browser.newContext({ viewport: { width: 1200, height: 900 } })).newPage();
    several.setDefaultTimeout(PATIENCE);
    several.on('pageerror', ({ message }) => complaints.push(message));
    await several.goto(pathToFileURL(file).href);
    const pair = several.locator('[data-pair^="pair-any-"]');
    expect(await pair.count()).toBe(1);
    const differences = () => pair.locator('[data-map="difference"] title').evaluateAll((titles) => titles.map((title) => (title as unknown as Title).textContent));
    const expected = (one: number[][], another: number[][]) => one.flatMap((row, layer) => row.map((value, head) => `layer ${layer}, head ${head}: ${differenceText(value, another[layer]![head]!)}`));
    // Real data of the one and of the other task, as the page came; then another model of the second.
    expect(await differences()).toEqual(expected(setting!.cells[0]!.heads!.retrieval, other.cells[0]!.heads!.retrieval));
    await pair.locator('[data-choice="second"]').selectOption({ label: `MuSiQue, tiny-llama: ${nameOf(other.cells[1]!.condition)}` });
    expect(await differences()).toEqual(expected(setting!.cells[0]!.heads!.retrieval, other.cells[1]!.heads!.retrieval));
    await pair.locator('[data-choice="first"]').selectOption({ label: `MuSiQue, tiny-llama: ${nameOf('real')}` });
    await pair.locator('[data-map="overlap"] path:has(title)').nth(7).click();
    const looked = await several.locator('[data-inspector] caption').allTextContents();
    expect(looked.map((text) => text.slice(0, text.indexOf(', mean')))).toEqual([nameOf('real'), nameOf(other.cells[1]!.condition)].map((name) => `${name}: layer 0, head 7`));
    await several.close();
  });

  test('prints on white, in whatever theme it is read, without what is for the screen', async () => {
    await page.getByRole('radio', { name: 'dark', exact: true }).check();
    await page.emulateMedia({ media: 'print' });
    expect(await background(page)).toBe('rgb(255, 255, 255)');
    const forScreens = await page.locator('nav, .theme, .choices').all();
    expect(forScreens.length).toBeGreaterThan(2);
    for (const shown of forScreens) expect(await shown.isVisible()).toBe(false);
  });

  test('prints what is folded, save haystack far from the needles, on as many sheets as if it were open', async () => {
    const folds = () => page.evaluate<{ folded: number; unseen: string[]; gaps: boolean[] }>(`(() => {
      const seen = ({ lastElementChild: element }) => element.checkVisibility() && element.getBoundingClientRect().height > 0;
      const folds = Array.from(document.querySelectorAll('main details:not(.gap)'));
      return {
        folded: folds.filter(({ open }) => !open).length,
        unseen: folds.filter((fold) => !seen(fold)).map(({ firstElementChild: { textContent } }) => textContent),
        gaps: Array.from(document.querySelectorAll('details.gap'), (gap) => gap.getBoundingClientRect().height < 60),
      };
    })()`);
    await page.emulateMedia({ media: 'screen' });
    const read = await folds();
    expect(read.folded).toBeGreaterThan(20);
    expect(read.unseen).toHaveLength(read.folded);
    await page.emulateMedia({ media: 'print' });
    const printed = await folds();
    expect(printed.folded).toBe(read.folded);
    expect(printed.unseen).toEqual([]);
    expect(printed.gaps.length).toBeGreaterThan(0);
    expect(printed.gaps.every(Boolean)).toBe(true);
    const sheets = async () => {
      const pdf = (await page.pdf({ format: 'A4' })).toString('latin1');
      expect(pdf.startsWith('%PDF-')).toBe(true);
      return pdf.match(/\/Type\s*\/Page\b/g)!.length;
    };
    const folded = await sheets();
    await page.evaluate(`for (const fold of document.querySelectorAll('main details:not(.gap)')) fold.open = true;`);
    expect(folded).toBe(await sheets());
    await page.reload();
  });

  test('has nothing that is wider than a sheet of A4', async () => {
    const all = fixtureResults({ conditions: Condition.options });
    const file = join(folder, 'wide.html');
    await writeFile(file, await renderReport({ ...all, spec: { ...all.spec, description: 'word '.repeat(100) } }));
    // 210 mm without margins of 10 mm, which is the most that browsers take by themselves.
    const sheet = await (await browser.newContext({ viewport: { width: 718, height: 1000 } })).newPage();
    await sheet.goto(pathToFileURL(file).href);
    await sheet.emulateMedia({ media: 'print' });
    const wide = await sheet.evaluate<string[]>(`(() => {
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const range = document.createRange();
      const wide = [];
      while (texts.nextNode()) {
        range.selectNodeContents(texts.currentNode);
        if (range.getBoundingClientRect().right > 719) wide.push(texts.currentNode.parentElement.tagName + ': ' + texts.currentNode.textContent.slice(0, 60));
      }
      return wide;
    })()`);
    expect(wide).toEqual([]);
    expect(await sheet.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(718);
    await sheet.close();
  });

  test('fits a narrow screen: what is wider scrolls by itself', async () => {
    await page.emulateMedia({ media: 'screen' });
    await page.setViewportSize({ width: 375, height: 700 });
    const wide = await page.evaluate<string[]>(`Array.from(document.querySelectorAll('body *'))
      .filter((element) => element.getBoundingClientRect().right > 376 && element.closest('.scroll, .drawing, pre, .skip, svg') === null)
      .map((element) => element.tagName + ' ' + element.className + ': ' + element.textContent.slice(0, 60))`);
    expect(wide).toEqual([]);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(375);
  });

  test('has everything without its scripts, and nothing that would need them', async () => {
    const still = await open({ javaScriptEnabled: false });
    const counts = async (of: Page) => [await of.locator(TABLES).count(), await of.locator('svg').count(), await of.locator('main > section').count(), await of.locator('svg title').count()];
    expect(await counts(still)).toEqual(await counts(page));
    for (const control of await still.locator('.theme, .choices').all()) expect(await control.isVisible()).toBe(false);
    expect(await still.locator('thead button').count()).toBe(0);
  });

  test('loads nothing but itself, and nothing in it went wrong', () => {
    expect(new Set(loaded)).toEqual(new Set([url]));
    expect(complaints).toEqual([]);
  });
});
