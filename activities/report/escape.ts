/** The one way by which text gets into the page: nothing from data or models is trusted. */

/**
 * Characters that would act rather than show: controls, bidirectional overrides and isolates, invisible joiners and
 * tags. Tab and line feed stay; so do the joiners that emoji and several scripts need.
 */
const ACTING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const MARKUP = /[&<>"']/g;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** The text with every acting character made visible (␀, [U+202E]) and broken UTF-16 replaced; for terminals too. */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replaceAll('\r\n', '\n')
    .replace(ACTING, (character) => {
      const code = character.codePointAt(0) as number;
      if (code < 0x20) return String.fromCodePoint(0x2400 + code);
      if (code === 0x7f) return '\u2421';
      return `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]`;
    });
}

/** The text as HTML text or as the value of a quoted attribute. */
export function escapeHtml(text: string): string {
  return visible(text).replace(MARKUP, (character) => ENTITIES[character] as string);
}
