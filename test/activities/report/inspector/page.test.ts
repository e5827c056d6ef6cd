import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyseSweep } from '#activities/analysis/index.ts';
import { renderReport } from '#activities/report/index.ts';
import { CHROMIUM, openBrowser } from '../../../support/browser.ts';
import { temporaryFolder } from '../../../support/folders.ts';
import { fixtureFiles } from '../fixture.ts';

const files = fixtureFiles();
// A row that one model alone has.
Object.assign(files.settings[0]!.cells[2]!.inspected!.examples[1]!.example, { id: 'lone-row' });
const results = analyseSweep(files);

describe.skipIf(CHROMIUM === undefined)('the head inspector in a browser', () => {
  let browser: Browser;
  let page: Page;
  const errors: string[] = [];
  const folder = temporaryFolder();

  beforeAll(async () => {
    const file = join(folder, 'report.html');
    await writeFile(file, await renderReport(results));
    browser = await openBrowser();
    page = await browser.newPage();
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(pathToFileURL(file).href);
  });
  afterAll(() => browser?.close());

  /** The text of each model's part, without white space: markup has some between elements that scripts do not make. */
  const shown = () => page.locator('[data-inspector] .look').evaluateAll((sections) => sections.map((section) => section.textContent?.replace(/\s+/g, '')));

  it('begins with what the page shows without scripts', async () => {
    const still = await page.locator('[data-inspector-still] .look').evaluateAll((sections) => sections.map((section) => section.textContent?.replace(/\s+/g, '')));
    expect(await shown()).toEqual(still.slice(0, 2));
    expect(await page.locator('[data-inspector-still]').isVisible()).toBe(false);
    expect(errors).toEqual([]);
  });

  it('shows another head, another model and another row, by keyboard too', async () => {
    await page.getByRole('spinbutton', { name: 'Layer' }).fill('3');
    await page.getByRole('spinbutton', { name: 'Head' }).fill('6');
    expect(await shown()).toEqual([expect.stringMatching(/^Realdata:layer3,head6,/), expect.stringMatching(/^High\/High:layer3,head6,/)]);
    await page.getByRole('combobox', { name: 'beside' }).selectOption({ label: 'Symbolic' });
    expect((await shown())[1]).toContain('Symbolic:layer3,head6');
    await page.getByRole('combobox', { name: 'Source row' }).selectOption({ value: 'lone-row' });
    expect((await shown())[0]).toContain('Realdatahasnopromptofthissourcerowhere;anotheroneofitsownstandsin.');
    expect((await shown())[1]).toContain('sourcerowlone-row');
    await page.getByRole('spinbutton', { name: 'Head' }).focus();
    await page.keyboard.press('ArrowUp');
    expect((await shown())[0]).toContain('layer3,head7');
    await page.keyboard.press('ArrowUp');
    // The input's own limit holds.
    expect((await shown())[0]).toContain('layer3,head7');
    await page.getByRole('spinbutton', { name: 'Layer' }).fill('9');
    expect(await page.locator('[data-inspector]').textContent()).toContain('Layers go from 0 to 3, heads from 0 to 7.');
    expect(errors).toEqual([]);
  });

  const where = async () => (await shown()).map((text) => /^(.*?):layer(\d),head(\d)/.exec(text ?? '')?.slice(1).join(' '));

  it('takes a head of any heatmap: by a click, or by arrow keys and Enter', async () => {
    // Squares are drawn layer by layer; there are eight heads in each.
    await page.locator('[data-heatmap="retrieval"][data-condition="high/high"] path:has(title)').nth(2 * 8 + 4).click();
    expect(await where()).toEqual(['Realdata 2 4', 'High/High 2 4']);
    const map = page.locator('[data-heatmap="retrieval"][data-condition="symbolic"]');
    await map.focus();
    for (const key of ['ArrowDown', 'ArrowUp', 'ArrowRight', 'ArrowRight', 'ArrowLeft', 'ArrowUp']) await page.keyboard.press(key);
    expect(await map.getAttribute('aria-label')).toMatch(/^layer 2, head 1: .*Enter inspects it\.$/);
    await page.keyboard.press('Enter');
    expect(await where()).toEqual(['Realdata 2 1', 'Symbolic 2 1']);
    expect(await page.evaluate('document.activeElement.type')).toBe('number');
    await page.locator('[data-pair] select[data-choice="first"]').selectOption({ label: 'Symbolic' });
    await page.locator('[data-map="overlap"] path:has(title)').nth(7).click();
    expect(await where()).toEqual(['Symbolic 0 7', 'High/High 0 7']);
    expect(errors).toEqual([]);
  });
});
