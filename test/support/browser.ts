/** A browser for looking at pages, where this machine has one. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where distributions put it; NEEDLEWORK_CHROMIUM names another one. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export const CHROMIUM: string | undefined = process.env['NEEDLEWORK_CHROMIUM'] ?? PLACES.find((place) => existsSync(place));

/** The browser without a window. @throws where there is none */
export function openBrowser(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error(`chromium: found none at ${PLACES.join(', ')}; NEEDLEWORK_CHROMIUM may name one`);
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}
