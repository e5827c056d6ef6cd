import { describe, expect, it } from 'vitest';
import { analyseSweep, inspect } from '#activities/analysis/index.ts';
import { attendedBy, excerpt, looks } from '#activities/report/page/looks.js';
import { inspector } from '#activities/report/inspector/section.ts';
import type { InspectedExample } from '#workflows/contracts/inspection.ts';
import { fixtureFiles, fixtureResults, inspected } from '../fixture.ts';

const example: InspectedExample = {
  id: 'row', question: 'q', answer: 'x7', counted: true, promptTokens: 100, written: ['x', '7'], writtenLeftOut: 0,
  windows: [{ first: 0, tokens: ['<s>', 'The ', 'owner ', 'of '] }, { first: 40, tokens: ['is ', 'x', '', '7', '. ', 'The '] }, { first: 98, tokens: ['Answer', ':'] }],
  tokensLeftOut: 88, special: [0], needles: [[40, 45]], answers: [[41, 44]], attended: '', width: 2, outside: 0,
};

describe('looks', () => {
  it('says what was attended and where it stands', () => {
    const where = (first: number, second: number) => looks(example, [first, second]).map(({ token, where: place }) => [token, place]);
    expect(where(41, 43)).toEqual([['x', 'the answer in a needle'], ['7', 'the answer in a needle']]);
    expect(where(40, 100)).toEqual([['is ', 'a needle'], ['x', 'the answer’s own token 1']]);
    expect(where(0, 99)).toEqual([['<s>', 'put in by the tokenizer'], [':', 'token 100 of 100']]);
    expect(where(70, 45)).toEqual([[null, 'token 71 of 100, outside of the excerpt'], ['The ', 'token 46 of 100']]);
  });
});

describe('excerpt', () => {
  it('is the prompt around needles, attended tokens and both ends, with gaps counted', () => {
    const pieces = excerpt(example, [41, 99]);
    expect(pieces.map((piece) => ('tokens' in piece ? piece.tokens : `${piece.kind}|${piece.text}|${piece.attendedFor.join()}`))).toEqual(['special|<s>|', 'plain|The owner of |', 36, 'needle|is |', 'answer|x|1', 'answer|7|', 'needle|. |', 'plain|The |', 52, 'plain|Answer|', 'plain|:|2']);
    const tokens = pieces.reduce((sum, piece) => sum + ('tokens' in piece ? piece.tokens : 0), 0);
    expect(tokens).toBe(100 - 12);
  });

  it('marks the character of which one of several tokens was attended', () => {
    expect(excerpt(example, [42, 70]).find((piece) => 'attendedFor' in piece && piece.attendedFor.includes(1))).toEqual({ kind: 'answer', text: 'x', attendedFor: [1] });
  });
});

describe('the section', () => {
  const page = inspector(fixtureResults())!.markup;

  it('shows without scripts one head in every model, and says whose prompt it is', () => {
    for (const name of ['Real data', 'High / High', 'Symbolic']) {
      expect(page).toMatch(new RegExp(`<caption>${name}: layer \\d, head \\d, mean retrieval score 0\\.\\d\\d</caption>`));
      expect(page).toContain(`Prompt of ${name}, source row <bdi>row-0</bdi>`);
    }
    expect(page).toContain('so two models side by side have two prompts');
  });

  it('says what is left out', () => {
    const { cells } = fixtureResults().settings[0]!;
    const tokens = cells.flatMap(({ inspection }) => inspection!.examples).reduce((sum, each) => sum + each.tokensLeftOut, 0);
    expect(tokens).toBeGreaterThan(0);
    expect(page).toContain(`The page holds 6 prompts of 3 models; 84 further scored examples and ${tokens} tokens of the prompts are left out`);
  });

  it('is not there where no heads were scored', () => {
    const files = fixtureFiles();
    for (const cell of files.settings[0]!.cells) delete cell.inspected;
    expect(inspector(analyseSweep(files))).toBeNull();
  });

  it('shows hostile tokens and prompts as text', () => {
    const evil = `</script><img src=x onerror="alert(1)">\u202e\u0000<!--`;
    const files = fixtureFiles();
    for (const { inspected: cell } of files.settings[0]!.cells) {
      for (const one of cell!.examples) {
        Object.assign(one.example, { id: evil, question: evil, answer: evil, prompt: `${evil}${one.example.prompt.slice(Array.from(evil).length)}` });
        Object.assign(one, { written: [evil, evil], tokens: { ...one.tokens, special: new Map([[0, evil]]) } });
      }
    }
    const markup = inspector(analyseSweep(files))!.markup;
    expect(markup).not.toMatch(/<img|<!--|[\u0000\u202e]/);
    expect(markup.match(/<\/?script/g)).toEqual(['<script', '</script']);
    const data = JSON.parse(/<script type="application\/json" id="inspections">(.*)<\/script>/.exec(markup)![1]!);
    expect(data[0].cells[0].examples[0].written[0]).toContain('</script><img src=x onerror="alert(1)">[U+202E]␀<!--');
    expect(markup).toContain('&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;[U+202E]␀&lt;!--');
  });

  it('stays small at 1,000 heads and 40 cells, with every head told of', () => {
    const [layers, heads] = [32, 32];
    const results = fixtureResults({ conditions: ['real', 'symbolic'], layers, heads });
    const [setting] = results.settings;
    // Long answers over 20,000 tokens of context; 20 settings of these two cells.
    const cells = setting!.cells.map((cell) => ({ ...cell, inspection: inspect(inspected(cell.condition, layers, heads, 2, 1200, 12), cell.heads!.retrieval) }));
    const found = cells.map(({ inspection }) => inspection);
    for (const { examples, headsLeftOut } of found) {
      expect(headsLeftOut).toBe(0);
      for (const one of examples) {
        expect(one.promptTokens).toBeGreaterThan(20_000);
        expect(one.windows.flatMap(({ tokens }) => tokens).join('').length).toBeLessThanOrEqual(6000);
      }
    }
    expect(attendedBy(found[0]!, found[0]!.examples[0]!, [31, 31], heads)).toHaveLength(12);
    const markup = inspector({ ...results, settings: Array.from({ length: 20 }, (_, seed) => ({ ...setting!, seed, cells })) })!.markup;
    expect(Buffer.byteLength(markup)).toBeLessThan(5_000_000);
  });
});
