import { describe, expect, test } from 'vitest';
import { escapeHtml, visible } from '#activities/report/escape.ts';
import { html, quoted, trusted } from '#activities/report/html.ts';

describe('escaping', () => {
  test.each([
    ['</script><img src=x onerror="alert(1)">', '&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;'],
    ["' onfocus='alert(1)", '&#39; onfocus=&#39;alert(1)'],
    ['&lt;', '&amp;lt;'],
    ['a\u0000b\u001b[31mred\u007f', 'a␀b␛[31mred␡'],
    // Right-to-left override and isolates, which could make text read as what it is not.
    ['abc\u202ecba\u2066x\u2069', 'abc[U+202E]cba[U+2066]x[U+2069]'],
    ['zero\u200bwidth\ufeff', 'zero[U+200B]width[U+FEFF]'],
    ['tag\u{e0041}', 'tag[U+E0041]'],
    ['lone \ud800 surrogate', 'lone \ufffd surrogate'],
    ['line\r\nbreak\ttab\rreturn', 'line\nbreak\ttab␍return'],
    ['עברית 🏭 日本語 👩‍🚀', 'עברית 🏭 日本語 👩‍🚀'],
  ])('%j', (text, escaped) => expect(escapeHtml(text)).toBe(escaped));

  test('for a terminal leaves markup as it is', () => expect(visible('<b>\u001b[2J')).toBe('<b>␛[2J'));
});

describe('templates', () => {
  test('escape text and attributes, keep markup, join lists, leave out nothing-values', () => {
    const inner = html`<i>${'<'}</i>`;
    expect(html`<p title="${'"><script>'}">${inner}${[1, '&', inner]}${null}${undefined}${false}${0}</p>`.markup).toBe(
      '<p title="&quot;&gt;&lt;script&gt;"><i>&lt;</i>1&amp;<i>&lt;</i>0</p>',
    );
    expect(quoted('<x>').markup).toBe('<bdi>&lt;x&gt;</bdi>');
    expect(html`${trusted('<svg/>')}`.markup).toBe('<svg/>');
  });

  test('an object out of JSON cannot pass for markup', () => {
    const forged = JSON.parse('{"markup":"<script>"}') as never;
    expect(() => html`${forged}`.markup).toThrow();
  });
});
