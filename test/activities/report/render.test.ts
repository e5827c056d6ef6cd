import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { positive } from '#activities/report/charts/shades.ts';
import { analyseSweep } from '#activities/analysis/index.ts';
import { renderReport, resultsJson, summaryTable } from '#activities/report/index.ts';
import { SweepResults } from '#workflows/contracts/report.ts';
import { fixtureFiles, fixtureResults } from './fixture.ts';

const results = fixtureResults();
const page = await renderReport(results);
const tags = (markup: string) => new Set(Array.from(markup.matchAll(/<([a-z][a-z0-9]*)/gi), ([, name]) => name));
const attributes = (markup: string) => new Set(Array.from(markup.matchAll(/<[a-z][^<>]*>/gi), ([tag]) => Array.from(tag.matchAll(/\s([a-z:-]+)="/gi), ([, name]) => name)).flat());

describe('the page', () => {
  test('is the same bytes for the same results, whatever was rendered before', async () => {
    await renderReport(fixtureResults({ conditions: ['real', 'symbolic'], layers: 3 }));
    expect(await renderReport(SweepResults.parse(JSON.parse(JSON.stringify(results))))).toBe(page);
    expect((await Promise.all([renderReport(results), renderReport(results)])).every((again) => again === page)).toBe(true);
  });

  test('says where tokens and dollars are estimated', () => {
    expect(page).toContain('needles: tokens of 85 of 340 calls (25 %) are estimated from the texts, three bytes each: the endpoint did not say. So are their dollars.');
  });

  test('loads nothing, and runs and wears what its policy names by hash alone', () => {
    const sha = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const run = Array.from(page.matchAll(/<script>([^]*?)<\/script>/g), ([, text]) => sha(text!));
    const [styles] = Array.from(page.matchAll(/<style>([^]*?)<\/style>/g), ([, text]) => sha(text!));
    const [, policy] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page)!;
    expect(run.length).toBeGreaterThan(1);
    expect(policy).toBe(`default-src 'none'; style-src ${styles}; script-src ${run.join(' ')}; base-uri 'none'; form-action 'none'`);
    expect(page.match(/<style/g)).toHaveLength(1);
    // Other scripts are data, which no browser runs.
    expect((page.match(/<script/g) ?? []).length).toBe(run.length + (page.match(/<script type="application\/json" id="[a-z0-9-]+">/g) ?? []).length);
    expect(page).not.toMatch(/<link|<img|<iframe|\ssrc=|url\(|@import|\sstyle="|<[^>]*\son[a-z]+="/i);
    expect(page.match(/https?:\/\/\S+/g) ?? []).toEqual([]);
  });

  test('has headings in order, one h1, and ids that are there once', () => {
    const levels = Array.from(page.matchAll(/<h([1-6])/g), ([, level]) => Number(level));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    for (const [at, level] of levels.entries()) expect(level).toBeLessThanOrEqual((levels[at - 1] ?? 0) + 1);
    const ids = Array.from(page.matchAll(/ id="([^"]*)"/g), ([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of page.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(target);
    for (const [, target] of page.matchAll(/aria-labelledby="([^"]*)"/g)) expect(ids).toContain(target);
  });

  test('gives every drawing a text alternative and every table a caption', () => {
    const drawings = page.match(/<div class="drawing" role="img" aria-label="[^"]{20,}">/g) ?? [];
    // A dataset's two histograms share one figure.
    const datasets = 4;
    expect((page.match(/<svg/g) ?? []).length).toBe((drawings?.length ?? 0) + datasets);
    // One F1 figure and one scatter; three heatmaps of either score, masking curves and loss curves; two models head by head.
    expect(drawings).toHaveLength(2 + 12 + 2 + datasets);
    expect(page.match(/<caption>/g)).toHaveLength((page.match(/<table[ >]/g) ?? []).length);
  });

  test('draws every head with its score on hover', () => {
    const squares = Array.from(page.matchAll(/<div data-heatmap="(retrieval|insight)" data-setting="mdqa-tiny-llama" data-condition="([^"]*)" data-heads="8">([^]*?)<\/div>/g), ([, kind, condition, drawing]) => ({ kind, condition, titles: Array.from(drawing!.matchAll(/<title>([^<]*)<\/title>/g), ([, text]) => text) }));
    expect(squares).toHaveLength(6);
    for (const { kind, condition, titles } of squares) {
      const matrix = results.settings[0]!.cells.find((cell) => cell.condition === condition)!.heads![kind as 'retrieval' | 'insight'];
      // In the order that the page's scripts count on.
      expect(titles).toEqual(matrix.flatMap((row, layer) => row.map((value, head) => `layer ${layer}, head ${head}: ${positive(value)}`)));
    }
    expect(page).toMatch(/<title>High \/ High: 0\.\d\d \(0\.\d\d to 0\.\d\d\)<\/title>/);
  });

  test('says what it is: miniature, seeded, no claim', () => {
    expect(page).toContain('This is the experiment in miniature: a tiny model and authored questions. Its figures are no claim about the paper’s models.');
    expect(page).toContain('What was put in by hand (tiny-llama): four heads of layer 0 started as previous-token heads');
  });

  test('says of a model pretrained on real questions that low F1 is expected', async () => {
    const real = await renderReport(fixtureResults({ source: 'nq-open' }));
    expect(real).toContain('so a low F1 is expected');
    expect(real).toContain('Pretraining loss of the base model');
    expect(real).not.toContain('in miniature');
  });

  test('shows needles, answers, folded haystacks, settings and keys', () => {
    expect(page).toMatch(/<mark class="needle">The headquarters of [A-Za-z ]+ 🏭 are in <\/mark><mark class="answer">[A-Z][a-z]+<\/mark><mark class="needle">, close/);
    expect(page).toMatch(/<details class="gap"><summary>[\d,]+ more characters of haystack/);
    expect(page).toContain('LoRA on the attention projections (query, key, value, output), rank 8, alpha 8, learning rate 0.002');
    for (const { stages } of results.settings[0]!.cells) for (const { key } of stages) expect(page).toContain(key);
  });
});

describe('the table of patching', () => {
  const tableOf = (markup: string) => /<h2 id="patching">[^]*?<\/section>/.exec(markup)?.[0] ?? '';
  const cellsOf = (markup: string, name: string) => Array.from((new RegExp(`<tr><th scope="row">${name}</th>(.*?)</tr>`).exec(tableOf(markup))?.[1] ?? '').matchAll(/<td[^>]*>(.*?)<\/td>/g), ([, text]) => text!.replace(/<a class="from"[^>]*>|<\/a>/g, ''));

  test('has the columns of Table 3, the best of a row in bold, and the real model’s F1', () => {
    const found = results.settings[0]!.cells.find(({ condition }) => condition === 'symbolic')!.patching!;
    const [complement, intersection, random] = [found.f1.complement!, found.f1.intersection!, found.f1.random!].map((value) => value.toFixed(2));
    expect(found.f1.random).toBeCloseTo((found.sets[2]!.f1 + found.sets[3]!.f1) / 2, 12);
    expect(found.delta).toBeCloseTo(found.f1.intersection! - found.unpatchedF1, 12);
    expect(cellsOf(page, 'Symbolic')).toEqual(['2', complement, `<strong>${intersection}</strong>`, random, found.unpatchedF1.toFixed(2), `+${found.delta!.toFixed(2)}`]);
    expect(cellsOf(page, 'Real data')).toEqual(['–', '–', '–', '–', results.settings[0]!.cells[0]!.evaluation!.f1.mean.toFixed(2), '–']);
    expect(Array.from(tableOf(page).matchAll(/<th scope="col"[^>]*>([^<]*)/g), ([, head]) => head)).toEqual(['Training data', 'N', 'Compl.', 'Inter.', 'Rand.', 'Orig.', 'Δ']);
    expect(page).toContain('Complement: H_real without H; intersection: H_real and H');
  });

  test('says why a cell was not patched, or had nothing to patch', async () => {
    const files = fixtureFiles();
    const [, high, symbolic] = files.settings[0]!.cells;
    delete high!.patching;
    high!.patchingReason = 'the real cell failed before its heads were scored: <out of memory>';
    const nothing = { ...symbolic!.patching!, n: 0, sets: [], candidates: { complement: 0, intersection: 5 }, skipped: [{ kind: 'complement' as const, reason: 'the complement of real and synthetic heads is empty' }] };
    symbolic!.patching = nothing;
    const markup = await renderReport(analyseSweep(files));
    expect(tableOf(markup)).toContain('the real cell failed before its heads were scored: &lt;out of memory&gt;');
    expect(tableOf(markup)).toContain('Symbolic: the complement of real and synthetic heads is empty');
    expect(cellsOf(markup, 'Symbolic')).toEqual(['0', '–', '–', '–', '0.31', '–']);
  });

  test('is not there where nothing was to be patched', async () => {
    const files = fixtureFiles();
    for (const cell of files.settings[0]!.cells) delete cell.patching;
    delete files.spec.patch;
    const markup = await renderReport(analyseSweep(files));
    expect(markup).not.toContain('id="patching"');
    expect(markup).not.toContain('Patching (section 5');
  });
});

test('the paper’s tables have in bold what the paper has, and what would be of ours', () => {
  const table = (number: number) => new RegExp(`<h3 class="sub" id="table-${number}-\\d+">[^]*?</table>`).exec(page)![0];
  const bold = (markup: string, row: string) => Array.from(new RegExp(`<th scope="row">${row}</th>(.*?)</tr>`).exec(markup)![1]!.matchAll(/<strong>([^<]*)<\/strong>/g), ([, number]) => number);
  const high = results.settings[0]!.cells.find(({ condition }) => condition === 'high/high')!;
  expect(table(1)).toContain('Bold, as in the paper: the best synthetic training data of each task');
  expect(bold(table(1), 'High, High')).toEqual([high.evaluation!.f1.mean.toFixed(2)]);
  expect(bold(table(1), 'Low, High \\(Simplified\\)')).toEqual(['0.49', '0.79']);
  expect(bold(table(1), 'Real Data \\(Full\\)')).toEqual([]);
  // Of MDQA, the first of the rows with this name: the paper's best is the intersection, as is ours.
  expect(bold(table(3), 'High, High')).toEqual([high.patching!.f1.intersection!.toFixed(2), '0.59']);
  expect(table(5)).not.toContain('<strong>');
});

describe('a sweep that is not whole', () => {
  test('shows failed and missing parts with the reason', async () => {
    const files = fixtureFiles({ conditions: ['real', 'high/high', 'low/low', 'symbolic'] });
    const [real] = files.settings[0]!.cells;
    Object.assign(real!, { status: 'missing', reason: 'masking has not run yet', masking: undefined });
    const partial = await renderReport(analyseSweep(files));
    expect(partial).toContain('ran out of memory at step 12');
    expect(partial).toContain('masking has not run yet');
    expect(partial).toContain('2 of 4 cells finished (1 failed, 1 not there yet)');
  });

  test('renders with nothing there at all', async () => {
    const files = fixtureFiles();
    const empty = analyseSweep({
      ...files,
      sources: [],
      bases: [],
      settings: files.settings.map((setting) => ({
        ...setting,
        test: { stages: [] },
        baselines: [],
        cells: setting.cells.map(({ condition }) => ({ condition, status: 'missing' as const, reason: 'not started', stages: [] })),
      })),
    });
    expect(await renderReport(empty)).toContain('Nothing has been measured yet.');
    expect(summaryTable(empty).join('\n')).toContain('missing: not started');
  });

  test('renders without a real cell, and with a model whose heads all score zero', async () => {
    const files = fixtureFiles({ conditions: ['symbolic'] });
    const scores = files.settings[0]!.cells[0]!.scores!;
    scores.retrieval = scores.retrieval.map((row) => row.map(() => 0));
    const analysed = analyseSweep(files);
    expect(analysed.settings[0]!.cells[0]!.heads).toMatchObject({ positive: 0, recall: null, cosine: null });
    expect(await renderReport(analysed)).toContain('0 heads above zero');
  });
});

describe('hostile text', () => {
  const evil = `</script></style><img src=x onerror="alert(1)">'"&\u0000\u202e\ud800<svg onload=alert(1)>`;
  const files = fixtureFiles();
  const setting = files.settings[0]!;
  for (const cell of setting.cells) {
    Object.assign(cell, { status: 'failed', reason: evil });
    cell.card!.generator = evil;
    cell.card!.dropped = { [evil]: 2 };
    for (const sample of cell.card!.samples) Object.assign(sample, { question: evil, answer: evil, answers: [evil, evil], prompt: evil.repeat(30), id: evil });
    for (const prediction of cell.evaluate!.predictions) prediction.text = evil;
    cell.masking!.skipped = [{ k: 9, reason: evil }];
  }
  for (const test of setting.test.examples!) Object.assign(test, { question: evil, answers: [evil] });
  Object.assign(files.spec, { description: evil });
  Object.assign(files.spec.models[0]!.base, { path: evil });
  Object.assign(files.sources[0]!, { dropped: { [evil]: 1 }, licence: evil });
  Object.assign(files.bases[0]!, { origin: evil, seededInduction: evil });
  files.versions = { [evil]: evil };

  test('adds no element, no attribute and no acting character to the page', async () => {
    const hostile = await renderReport(analyseSweep(files));
    const benign = tags(await renderReport(fixtureResults({ conditions: ['real', 'high/high', 'low/low', 'symbolic'] })));
    expect([...tags(hostile)].filter((tag) => !benign.has(tag))).toEqual([]);
    expect([...attributes(hostile)].filter((name) => /^on|src|style|srcdoc/.test(name!))).toEqual([]);
    expect(hostile).not.toMatch(/[\u0000\u202e\ud800]/);
    expect(hostile).toContain('&lt;/script&gt;&lt;/style&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&#39;&quot;&amp;␀[U+202E]\ufffd');
  });

  test('cannot steer the terminal', () => {
    setting.cells[0]!.reason = `boom \u001b[2J\u0007 ${'x'.repeat(300)}\nsecond line`;
    const lines = summaryTable(analyseSweep(files));
    expect(lines.join('\n')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(lines.join('\n')).toContain('failed: boom ␛[2J␇');
    expect(lines.join('\n')).not.toContain('second line');
  });
});

test('results.json is canonical (rendering left the results as they were), fits its schema and refuses what does not', () => {
  const text = resultsJson(results);
  expect(text.endsWith('}\n')).toBe(true);
  const untimed = (_: string, value: unknown) => (value !== null && typeof value === 'object' && 'seconds' in value ? { ...value, seconds: null } : value);
  expect(SweepResults.parse(JSON.parse(text))).toEqual(JSON.parse(JSON.stringify(results), untimed));
  const slower = (_: string, value: unknown) => (value !== null && typeof value === 'object' && 'seconds' in value ? { ...value, seconds: 12_345 } : value);
  expect(resultsJson(JSON.parse(JSON.stringify(results), slower) as SweepResults)).toBe(text);
  expect(resultsJson(JSON.parse(text) as SweepResults)).toBe(text);
  expect(text.startsWith('{"advisor":')).toBe(true);
  expect(() => resultsJson({ ...results, schemaVersion: 1 } as never)).toThrow(/schemaVersion/);
});

test('the terminal table has a row per model, in columns', () => {
  const lines = summaryTable(results);
  expect(lines[0]).toBe('MDQA, tiny-llama');
  expect(lines[1]).toMatch(/^ {2}Training data +F1 +EM +Heads > 0 +Recall +Cosine +F1, top 8 masked +F1, 8 random +Status$/);
  expect(lines).toHaveLength(3 + 2 + 3);
  expect(lines[5]).toMatch(/^ {2}Real data +0\.\d\d +0\.\d\d +\d+\/32 +1\.00 +1\.00 +0\.\d\d +0\.\d\d +done$/);
});

test('the share of the questions that are of a limited subset is told', async () => {
  const files = fixtureFiles({ conditions: ['real', 'limited'] });
  const { card } = files.settings[0]!.cells[1]!;
  card!.dropped = { 'question without who, when, where (L1)': 150, 'gold passage longer than the context': 4 };
  expect(await renderReport(analyseSweep(files))).toContain('300 of the 450 questions looked at, 67 %, are of the subset.');
});

test('what is to be known of written texts is told', async () => {
  const files = fixtureFiles({ conditions: ['real', 'low/low'] });
  const { card } = files.settings[0]!.cells[1]!;
  card!.writing.needles = { ...card!.writing.needles!, noted: { 'question without a symbol': 8 } };
  expect(await renderReport(analyseSweep(files))).toMatch(/needles: to be known of those written: [^.]*question without a symbol \(8\)/);
});
