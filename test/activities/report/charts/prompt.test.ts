import { describe, expect, it } from 'vitest';
import { drawSheet } from '#activities/report/charts/draw.ts';
import { promptChart } from '#activities/report/charts/prompt.ts';
import { promptPieces } from '#activities/report/prompt.ts';

const prompt = `Which of these?\n\n<script>alert(1)</script> & co.\u0007 The key of Selby is 42. ${'far away '.repeat(200)}End.`;
const needle = prompt.indexOf('The key');
const answer = prompt.indexOf('42');
const chart = promptChart(promptPieces({ prompt, needles: [{ start: needle, end: prompt.indexOf('. far') + 1 }], answerSpans: [{ start: answer, end: answer + 2 }] }).pieces);
const lines = (chart as unknown as { data: { values: { at: number; text: string; kind: string }[] } }).data.values;

describe('a prompt as a drawing', () => {
  it('has needles and answers on lines of their own, and says what of the haystack is left out', () => {
    expect(lines.map(({ at }) => at)).toEqual(lines.map((_, at) => at));
    expect(lines.filter(({ kind }) => kind === 'needle').map(({ text }) => text)).toEqual(['The key of Selby is', '.']);
    expect(lines.filter(({ kind }) => kind === 'answer').map(({ text }) => text)).toEqual(['42']);
    expect(lines.filter(({ kind }) => kind === 'gap').map(({ text }) => text)).toEqual(['… 1,365 more characters of haystack …']);
    expect(Math.max(...lines.map(({ text }) => text.length))).toBeLessThanOrEqual(110);
  });

  it('cuts words that are longer than a line', () => {
    const { data } = promptChart([{ kind: 'needle', text: 'x'.repeat(250), folded: false, length: 250 }]) as unknown as { data: { values: { text: string }[] } };
    expect(data.values.map(({ text }) => text.length)).toEqual([110, 110, 30]);
  });

  it('shows hostile text as text', async () => {
    const svg = await drawSheet({ title: 'Samples', columns: 1, panels: [{ title: 'real', chart }] });
    expect(svg).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; co.␇');
    expect(svg).not.toMatch(/<script|\u0007/);
  });
});
