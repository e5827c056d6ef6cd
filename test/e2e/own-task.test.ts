/** The task and the condition of examples/tasks, added to a checkout as the README says, and a sweep with them from files to the report. */
import { copyFileSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CellResults, StageFacts, SweepResults } from '#workflows/contracts/report.ts';
import { anyPort } from '../infra/servers/support.ts';
import { copyCheckout } from '../support/checkout.ts';
import { needlework } from '../support/command.ts';
import { temporaryFolder } from '../support/folders.ts';

/** Words that the tiny base knows. */
const ACCOUNTS = ['Selby', 'Norwick', 'Tarn', 'Alden', 'Brovia', 'Corvin', 'Delmar', 'Farrow', 'Harwich', 'Kelso', 'Lorne', 'Oakham'];
const [TRAIN, TEST] = [120, 12];

/** Three accounts of each row, of which one is asked for. */
const rows = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => ({ id: `${prefix}-${n}`, entries: [0, 1, 2].map((at) => ({ account: ACCOUNTS[(n + 4 * at) % ACCOUNTS.length], amount: (7 * n + 31 * at + (prefix === 'test' ? 3 : 0)) % 90 + 10 })), asked: n % 3 }));

describe('a task and a condition of one’s own, in a checkout of one’s own', () => {
  const checkout = temporaryFolder();
  const home = join(checkout, 'home');
  let ended: { status: number; output: string };
  let results: SweepResults;
  let page: string;

  /** Lines of a file of an artifact. */
  const lines = (stage: string, stages: readonly StageFacts[], name: string) => {
    const [file] = globSync(join(home, 's3/needlework/artifacts', stage, stages.find((facts) => facts.stage === stage)!.key, '*', name));
    return readFileSync(file!, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const cellOf = (task: string, condition: string): CellResults => results.settings.find((setting) => String(setting.task) === task)!.cells.find((cell) => String(cell.condition) === condition)!;

  beforeAll(async () => {
    copyCheckout(checkout);
    for (const name of ['ledger.ts', 'terse.ts']) copyFileSync(join(checkout, 'examples/tasks', name), join(checkout, 'workflows/tasks', name));
    const index = join(checkout, 'workflows/tasks/index.ts');
    const named = readFileSync(index, 'utf8').replace('OwnTask[] = []', 'OwnTask[] = [ledger]').replace('OwnCondition[] = []', 'OwnCondition[] = [terse]');
    writeFileSync(index, `import { ledger } from './ledger.ts';\nimport { terse } from './terse.ts';\n${named}`);
    for (const [name, count] of [['train', TRAIN], ['test', TEST]] as const) writeFileSync(join(checkout, `${name}.jsonl`), rows(name, count).map((row) => `${JSON.stringify(row)}\n`).join(''));
    const spec = {
      name: 'own',
      tasks: [
        { task: 'ledger', source: { kind: 'rows', train: 'train.jsonl', test: 'test.jsonl' }, contextTokens: 256, examples: { total: TRAIN, validationShare: 0.1, test: TEST } },
        { task: 'mdqa', source: { kind: 'miniature' }, contextTokens: 256, examples: { total: 20, validationShare: 0.2, test: 5 } },
      ],
      models: [{ model: 'tiny', base: { kind: 'folder', path: 'examples/models/tiny-llama' }, ropeTheta: 10_000 }],
      conditions: ['real', 'symbolic', 'terse'],
      leaveOut: [{ task: 'mdqa', condition: ['real', 'symbolic'] }],
      baselines: [],
      train: { learningRate: 0.005, epochs: 3, batchSize: 4, accumulationSteps: 1 },
      evaluate: { maxNewTokens: 4 },
      mask: { k: [2], randomDraws: 1 },
    };
    writeFileSync(join(checkout, 'own.json'), JSON.stringify(spec));
    const env = { NEEDLEWORK_HOME: home, NEEDLEWORK_S3_BUCKET: '', NEEDLEWORK_TEMPORAL_PORT: String(await anyPort()), NEEDLEWORK_UI_PORT: String(await anyPort()), NEEDLEWORK_S3_PORT: String(await anyPort()) };
    ended = await needlework(['start', 'own.json'], env, checkout);
    const report = /^report: (.*)$/m.exec(ended.output)?.[1];
    expect(report, ended.output).toBeDefined();
    page = readFileSync(report!, 'utf8');
    // Not parsed: the schemas of this checkout know nothing of the task.
    results = JSON.parse(readFileSync(join(report!, '../results.json'), 'utf8')) as SweepResults;
  }, 400_000);

  it('runs every cell that there can be, and says why the others cannot', () => {
    expect(ended.status, ended.output).toBe(0);
    const cells = results.settings.flatMap(({ task, cells: found }) => found.map(({ condition, status, reason }) => [`${task}/${condition}`, status, reason]));
    expect(cells).toEqual([
      ['ledger/real', 'done', null],
      ['ledger/symbolic', 'done', null],
      ['ledger/terse', 'missing', 'Ledger has no condition "terse" (it has real, symbolic)'],
      ['mdqa/terse', 'done', null],
    ]);
  });

  it('measures its F1 over the tokens of the answers', () => {
    for (const condition of ['real', 'symbolic']) {
      const { stages, evaluation } = cellOf('ledger', condition);
      const answers = new Map(lines('dataset', results.settings[0]!.test.stages, 'test.jsonl').map(({ id, answer }) => [id, answer as string]));
      const predictions = lines('evaluate', stages, 'predictions.jsonl');
      expect(predictions).toHaveLength(TEST);
      // An answer is one number, so that F1 is 2 / (1 + words) where it is among those written.
      const f1s = predictions.map(({ id, text }) => {
        const words = (text as string).split(/[^0-9a-z]+/i).filter((word) => word !== '');
        return words.includes(answers.get(id)!) ? 2 / (1 + words.length) : 0;
      });
      expect(evaluation!.f1.mean).toBeCloseTo(f1s.reduce((sum, f1) => sum + f1, 0) / TEST, 9);
    }
    // It learned something of what it was asked for.
    expect(cellOf('ledger', 'real').evaluation!.f1.mean).toBeGreaterThan(0);
  });

  it('trains on prompts with the entry that is asked for as needle, and finds heads', () => {
    for (const [task, condition, generator] of [['ledger', 'real', 'own task ledger 1'], ['ledger', 'symbolic', 'own task ledger 1'], ['mdqa', 'terse', 'own condition terse 1']] as const) {
      const { dataset, heads } = cellOf(task, condition);
      expect(dataset).toMatchObject({ task, condition, generator });
      expect(heads!.kind).toBe('retrieval');
      for (const { prompt, needles, answerSpans, answer } of dataset!.samples) {
        const text = Array.from(prompt);
        const spans = [needles, answerSpans].map((list) => list.map(({ start, end }) => text.slice(start, end).join('')));
        expect(spans[0]).toHaveLength(1);
        expect(spans[0]![0]).toContain(answer);
        expect(spans[1]).toEqual([answer]);
      }
    }
  });

  it('is in the report and in the terminal under its title', () => {
    for (const shown of [page, ended.output]) {
      expect(shown).toContain('Ledger, tiny');
      expect(shown).toContain('Terse');
    }
    expect(page).toContain('Ledger has no condition &quot;terse&quot; (it has real, symbolic)');
    const { evaluation } = cellOf('ledger', 'real');
    const row = /<h3>Ledger, tiny<\/h3>[^]*?<tr><th scope="row">Real data<\/th>(.*?)<\/tr>/.exec(page.slice(page.indexOf('id="results"')))![1]!;
    expect(row.replace(/<[^>]*>/g, ' ')).toContain(evaluation!.f1.mean.toFixed(2));
    expect(page.replace(/<[^>]*>/g, '')).toContain('Source of Ledger: rows of a task of one’s own, from files; 120 training questions, 12 test questions');
  });
});
