/** Drawings as pixels, by resvg compiled to WebAssembly and with fonts of its own: the same on every machine. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { initWasm, Resvg } from '@resvg/resvg-wasm';

const FONTS = ['400Regular/SourceSans3_400Regular.ttf', '600SemiBold/SourceSans3_600SemiBold.ttf'];
const FAMILY = 'Source Sans 3';
/** Pixels of a PNG per unit of its SVG: sharp in print at the size that the drawing was made for. */
const ZOOM = 2;
/** Paper around a drawing, in units. */
const MARGIN = 12;

const { resolve } = createRequire(import.meta.url);
let loaded: Promise<Uint8Array[]> | undefined;

/** Renderer and fonts; once for the process, since the module can be loaded but once. */
async function load(): Promise<Uint8Array[]> {
  await initWasm(await readFile(resolve('@resvg/resvg-wasm/index_bg.wasm')));
  return Promise.all(FONTS.map((font) => readFile(resolve(`@expo-google-fonts/source-sans-3/${font}`))));
}

async function withDrawing<T>(svg: string, use: (drawing: InstanceType<typeof Resvg>) => T): Promise<T> {
  const fontBuffers = await (loaded ??= load());
  const drawing = new Resvg(svg, { fitTo: { mode: 'zoom', value: ZOOM }, font: { fontBuffers, defaultFontFamily: FAMILY, sansSerifFamily: FAMILY } });
  try {
    return use(drawing);
  } finally {
    drawing.free();
  }
}

/**
 * The drawing on white paper that fits it. Without a DOM, Vega only estimates how wide a text is; here it is measured.
 * @throws Error where nothing is drawn
 */
export async function fitted(svg: string): Promise<string> {
  const box = await withDrawing(svg, (drawing) => {
    const found = drawing.getBBox();
    if (found === undefined) throw new Error('a figure must have something drawn in it, found nothing');
    const { x, y, width, height } = found;
    found.free();
    return { x: Math.floor(x) - MARGIN, y: Math.floor(y) - MARGIN, width: Math.ceil(width) + 2 * MARGIN + 1, height: Math.ceil(height) + 2 * MARGIN + 1 };
  });
  const [open] = /^<svg[^>]*>/.exec(svg) ?? [];
  if (open === undefined) throw new Error('a figure must begin with <svg>');
  const { x, y, width, height } = box;
  const sized = open.replace(/ width="[^"]*"/, ` width="${width}"`).replace(/ height="[^"]*"/, ` height="${height}"`).replace(/ viewBox="[^"]*"/, ` viewBox="${x} ${y} ${width} ${height}"`);
  return `${sized}<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="#fff"/>${svg.slice(open.length)}\n`;
}

/** The drawing as PNG, in twice as many pixels as it has units. @throws Error where it is no SVG */
export async function toPng(svg: string): Promise<Uint8Array> {
  return withDrawing(svg, (drawing) => {
    const image = drawing.render();
    try {
      return image.asPng();
    } finally {
      image.free();
    }
  });
}
