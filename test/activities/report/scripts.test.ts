import { expect, test } from 'vitest';
import { dataBlock } from '#activities/report/scripts.ts';

test('data for scripts comes back as it went in, but for characters that would act, and cannot end its element', () => {
  const evil = `</script><script>alert(1)</script><!--<script>"'&\u0000\u202e\ud800\u2028é🏭`;
  const { markup } = dataBlock('heads', { evil, list: [1, -0.5, null, true] });
  const [, text] = /^<script type="application\/json" id="heads">([^]*)<\/script>$/.exec(markup)!;
  expect(text).not.toMatch(/[<>&\u007f-\uffff\u0000-\u001f]/);
  expect(JSON.parse(text!)).toEqual({ evil: `</script><script>alert(1)</script><!--<script>"'&␀[U+202E]\ufffd[U+2028]é🏭`, list: [1, -0.5, null, true] });
});

test('data without an id of its own, or that JSON cannot tell, is refused', () => {
  expect(() => dataBlock('a"><b', 1)).toThrow('id: must be lower-case letters');
  expect(() => dataBlock('heads', undefined)).toThrow('the data of heads: must be something that JSON can tell, found undefined');
});
