/**
 * How fast datasets of 32K-token prompts are built with a 128K-vocabulary BPE tokenizer, against building one example after
 * the other: `npm run bench:dataset [EXAMPLES [TASK/CONDITION…]]`, such as `1400 mdqa/high/high`. Needs ../shared/data, which has
 * rows for up to 1,400 examples of MDQA (beyond 300 of the oracle file, whose distractors all come from the pool), 200 of MuSiQue
 * and 400 of SummHay. Both ways must give the same bytes. Texts of the written conditions are at hand, as replies from the cache
 * are: writing them is timed apart. Beside the time by the clock stands that of the processor, which other work on the machine
 * hardly changes: all threads together, and the main one, which is never faster than that.
 */
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildDataset } from '#activities/dataset/index.ts';
import { offlineSource, Writer } from '#activities/write/ask.ts';
import { itemsOf } from '#activities/write/items.ts';
import { writeItems } from '#activities/write/write-items.ts';
import { importMusique, importNqOpen, importSummhay } from '#activities/source/index.ts';
import { DataKind, Task } from '#workflows/contracts/experiment.ts';
import type { Expression, Written } from '#workflows/contracts/writing.ts';
import { writingsOf } from '#workflows/plan/writings.ts';

const CONTEXT = 32_768;
const data = (path: string) => fileURLToPath(new URL(`../../../shared/data/${path}`, import.meta.url));
const wanted = Number(process.argv[2] ?? 60);
/** Rows that the shared data has for training beside a test split. */
const MOST: Readonly<Record<Task, number>> = { mdqa: 1400, musique: 200, summhay: 400 };
const asked = process.argv.slice(3).map((name) => ({ task: Task.parse(name.split('/', 1)[0]), condition: DataKind.parse(name.slice(name.indexOf('/') + 1)) }));
const all = Task.options.flatMap((task) => DataKind.options.filter((condition) => condition !== 'limited').map((condition) => ({ task, condition })));
const pairs = asked.length > 0 ? asked : all;
const inSeconds = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1e6;
const python = process.env.NEEDLEWORK_PYTHON_ENV;
if (!python) throw new Error('NEEDLEWORK_PYTHON_ENV: found nothing; run this as npm run bench:dataset');

const folder = mkdtempSync(join(tmpdir(), 'needlework-bench-'));
let mostMemory = 0;
const watch = setInterval(() => {
  mostMemory = Math.max(mostMemory, process.memoryUsage().rss);
}, 100);
try {
  const tokenizerFile = join(folder, 'tokenizer.json');
  const script = fileURLToPath(new URL('../../infra/trainer/benches/llama_style_tokenizer.py', import.meta.url));
  execFileSync(python, [script, tokenizerFile, data('mdqa/passage-pool.jsonl.gz'), data('musique/paragraph-pool.jsonl.gz')], { stdio: 'inherit' });
  const sources: Record<Task, string> = { mdqa: join(folder, 'mdqa'), musique: join(folder, 'musique'), summhay: join(folder, 'summhay') };
  const rowsOf = (task: Task) => ({ seed: 1, trainRows: Math.min(wanted, MOST[task]), testRows: 1 });
  const questions = wanted > 300 ? 'mdqa/nq-open-oracle.jsonl.gz' : 'mdqa/nq-open-20-documents.jsonl.gz';
  await importNqOpen({ questionsFile: data(questions), poolFile: data('mdqa/passage-pool.jsonl.gz'), ...rowsOf('mdqa'), outputDir: sources.mdqa });
  await importMusique({ questionsFiles: [data('musique/musique-rows.jsonl.gz'), data('musique/musique-3hop-joined.jsonl.gz')], poolFile: data('musique/paragraph-pool.jsonl.gz'), ...rowsOf('musique'), outputDir: sources.musique });
  await importSummhay({ topicFiles: globSync(data('summhay/topic_*.json.gz')).sort(), ...rowsOf('summhay'), outputDir: sources.summhay });

  console.log(`Examples of up to ${CONTEXT.toLocaleString('en')} tokens\n`);
  console.log('task / condition      examples   examples/s   1,400 examples   processor (main thread)   one at a time   ratio   texts of 1,400');
  for (const { task, condition } of pairs) {
    const examples = Math.min(wanted, MOST[task]);
    const written: Record<string, string> = {};
    const begun = performance.now();
    for (const [role, { what, expression }] of Object.entries(writingsOf(task, condition))) written[role] = await write(task, what, expression, sources[task]);
    const writing = (performance.now() - begun) / 1000;
    const build = async (name: string, atOnce?: number) => {
      const outputDir = join(folder, name);
      const [start, cpu, main] = [performance.now(), process.cpuUsage(), process.threadCpuUsage()];
      await buildDataset({ task, condition, sourceDir: sources[task], tokenizerFile, contextTokens: CONTEXT, seed: 1, examples: { train: examples - 1, validation: 1 }, written, outputDir, ...(atOnce && { atOnce }) });
      return { seconds: (performance.now() - start) / 1000, cpu: inSeconds(process.cpuUsage(cpu)), main: inSeconds(process.threadCpuUsage(main)), bytes: readFileSync(join(outputDir, 'train.jsonl')) };
    };
    const [one, several] = [await build('one', 1), await build('several')];
    if (!one.bytes.equals(several.bytes)) throw new Error(`${task} ${condition}: other bytes when built one at a time`);
    const rate = examples / several.seconds;
    const columns = [`${task} / ${condition}`.padEnd(20), String(examples).padStart(9), rate.toFixed(1).padStart(10), `${(1400 / rate).toFixed(0)} s`.padStart(16), [several.cpu, several.main].map((used) => `${((1400 / examples) * used).toFixed(0)} s`).join(' (').padStart(24) + ')', `${(examples / one.seconds).toFixed(1)}/s`.padStart(15), (one.seconds / several.seconds).toFixed(2).padStart(7), (Object.keys(written).length > 0 ? `${((1400 / examples) * writing).toFixed(0)} s` : '–').padStart(16)];
    console.log(columns.join(' '));
  }
  console.log(`\nmost memory: ${(mostMemory / 2 ** 30).toFixed(2)} GiB`);
} finally {
  clearInterval(watch);
  rmSync(folder, { recursive: true, force: true });
}

/** Has the templates write, once for all conditions that rest on the same texts. */
async function write(task: Task, what: Written, expression: Expression, sourceDir: string): Promise<string> {
  const outputDir = join(folder, `${task}-${what}-${expression}`);
  mkdirSync(outputDir, { recursive: true });
  const items = itemsOf({ task, what, expression, sourceDir, passages: Math.ceil(CONTEXT / 100) + 10, lowFacts: 'template', seed: 1 });
  await writeItems(items, { writer: new Writer(offlineSource(1), 3), writerName: 'offline templates', atOnce: 8, outputDir, rows: Math.min(wanted, MOST[task]), dollars: () => 0 });
  return outputDir;
}
