/**
 * Colours of page and charts, each for light and dark. Charts name them as CSS variables, so that one drawing serves every
 * theme; a drawing that stands alone has them filled in (`withColours`).
 */

type Shade = readonly [light: string, dark: string];

export const PALETTE = {
  page: ['#fcfcfa', '#15171a'],
  raised: ['#f4f3ef', '#1e2125'],
  ink: ['#1d1f22', '#e4e3df'],
  muted: ['#5f656c', '#a0a5ab'],
  rule: ['#c9c8c2', '#43484e'],
  grid: ['#e8e7e2', '#2a2e33'],
  accent: ['#1f5f8b', '#7db8df'],
  second: ['#a9632a', '#dd9f68'],
  note: ['#f3eddc', '#2a2618'],
  'note-rule': ['#c2a24a', '#8f7a3c'],
  bad: ['#a12a2a', '#ef8d8d'],
  good: ['#2d6a45', '#8ccba3'],
  needle: ['#dcebf5', '#1d3a4f'],
  answer: ['#f6d98a', '#6a5313'],
  // Scores: 0, then six equal steps up to the highest.
  'heat-0': ['#eeede8', '#24282c'],
  'heat-1': ['#cfe0ec', '#1c3a50'],
  'heat-2': ['#a3c5dc', '#235474'],
  'heat-3': ['#70a5c7', '#2f739c'],
  'heat-4': ['#4284b0', '#4b97c3'],
  'heat-5': ['#1f5f8b', '#82bde0'],
  'heat-6': ['#0f3d5e', '#c6e4f6'],
  // Differences: blue and orange, which no common colour blindness confounds, and which differ from the middle in lightness.
  level: ['#eeede8', '#24282c'],
  'less-1': ['#c5dceb', '#1f4058'],
  'less-2': ['#86b5d3', '#2f739c'],
  'less-3': ['#3d80ad', '#5fa6d0'],
  'less-4': ['#0f3d5e', '#c6e4f6'],
  'more-1': ['#f4dcc3', '#553719'],
  'more-2': ['#e3ac75', '#9a6128'],
  'more-3': ['#bb6f28', '#d99350'],
  'more-4': ['#6b370a', '#fbdbb8'],
} as const satisfies Record<string, Shade>;

export type Colour = keyof typeof PALETTE;

const declarations = (of: (shade: Shade) => string): string => Object.entries(PALETTE).map(([name, shade]) => `--${name}:${of(shade)}`).join(';');

/**
 * The palette as CSS. Light is what browsers without `light-dark()` get; others follow the system, unless the page says
 * otherwise on its root (`data-theme`). Paper is light.
 */
export const PALETTE_STYLES = `:root{color-scheme:light;${declarations(([light]) => light)}}
@supports (color:light-dark(#000,#fff)){
:root{color-scheme:light dark;${declarations(([light, dark]) => `light-dark(${light},${dark})`)}}
:root[data-theme=light]{color-scheme:light}
:root[data-theme=dark]{color-scheme:dark}
}
@media print{:root,:root[data-theme]{color-scheme:light}}
${Object.keys(PALETTE).map((name) => `.swatch.${name}{background:var(--${name})}`).join('\n')}
`;

/** The markup of a drawing with the light theme's colours in the place of variables. @throws RangeError for a variable that is not of the palette */
export function withColours(markup: string): string {
  return markup.replace(/var\(--([a-z0-9-]+)\)/g, (variable, name: string) => {
    const shade = Object.hasOwn(PALETTE, name) ? PALETTE[name as Colour] : undefined;
    if (shade === undefined) throw new RangeError(`colour: ${Object.keys(PALETTE).join(', ')} are known, found ${variable}`);
    return shade[0];
  });
}
