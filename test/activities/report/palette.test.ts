import { expect, test } from 'vitest';
import { PALETTE, PALETTE_STYLES, withColours } from '#activities/report/palette.ts';

test('every colour is told for light and dark', () => {
  for (const [name, [light, dark]] of Object.entries(PALETTE)) {
    expect(PALETTE_STYLES).toContain(`--${name}:${light}`);
    expect(PALETTE_STYLES).toContain(`--${name}:light-dark(${light},${dark})`);
  }
});

test('a drawing that stands alone has colours in the place of variables, and none that is unknown', () => {
  expect(withColours('<path fill="var(--heat-6)" stroke="var(--page)"/>')).toBe(`<path fill="${PALETTE['heat-6'][0]}" stroke="${PALETTE.page[0]}"/>`);
  expect(() => withColours('<path fill="var(--mauve)"/>')).toThrow('found var(--mauve)');
});
