/** SVG files as PNG, by resvg compiled to WebAssembly and with a font of its own: the same bytes on every machine. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { initWasm, Resvg } from '@resvg/resvg-wasm';

const FONTS = ['400Regular/SourceSans3_400Regular.ttf', '600SemiBold/SourceSans3_600SemiBold.ttf'];
const FAMILY = 'Source Sans 3';
/** Pixels of the PNG per unit of the SVG: sharp in print at the size that the drawing was made for. */
const ZOOM = 2;

const { resolve } = createRequire(import.meta.url);
let loaded: Promise<Uint8Array[]> | undefined;

/** Renderer and fonts; once for the process, since the module can be loaded but once. */
async function load(): Promise<Uint8Array[]> {
  await initWasm(await readFile(resolve('@resvg/resvg-wasm/index_bg.wasm')));
  return Promise.all(FONTS.map((font) => readFile(resolve(`@expo-google-fonts/source-sans-3/${font}`))));
}

/** Bytes of the drawing as PNG, on white, in twice as many pixels. @throws Error where it is no SVG */
export async function toPng(svg: string): Promise<Uint8Array> {
  const fontBuffers = await (loaded ??= load());
  const drawing = new Resvg(svg, { background: '#fff', fitTo: { mode: 'zoom', value: ZOOM }, font: { fontBuffers, defaultFontFamily: FAMILY, sansSerifFamily: FAMILY } });
  try {
    const image = drawing.render();
    try {
      return image.asPng();
    } finally {
      image.free();
    }
  } finally {
    drawing.free();
  }
}
