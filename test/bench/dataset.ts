/**
 * How fast datasets of 32K-token prompts are built with a 128K-vocabulary BPE tokenizer, against building one example after
 * the other: `npm run bench:dataset [EXAMPLES]`. Needs ../shared/data. Both ways must give the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildDataset } from '#activities/dataset/index.ts';
import { importMusique, importNqOpen, importSummhay } from '#activities/source/index.ts';
import type { Condition, Task } from '#workflows/contracts/experiment.ts';

const CONTEXT = 32_768;
const data = (path: string) => fileURLToPath(new URL(`../../../shared/data/${path}`, import.meta.url));
const examples = Number(process.argv[2] ?? 60);
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
  const rows = { seed: 1, trainRows: examples, testRows: 1 };
  await importNqOpen({ questionsFile: data('mdqa/nq-open-20-documents.jsonl.gz'), poolFile: data('mdqa/passage-pool.jsonl.gz'), ...rows, outputDir: sources.mdqa });
  await importMusique({ questionsFiles: [data('musique/musique-rows.jsonl.gz'), data('musique/musique-3hop-joined.jsonl.gz')], poolFile: data('musique/paragraph-pool.jsonl.gz'), ...rows, outputDir: sources.musique });
  await importSummhay({ topicFiles: globSync(data('summhay/topic_*.json.gz')).sort(), ...rows, outputDir: sources.summhay });

  console.log(`${examples} examples of up to ${CONTEXT.toLocaleString('en')} tokens\n`);
  console.log('task / condition      examples/s   1,400 examples   one at a time   ratio');
  for (const task of ['mdqa', 'musique', 'summhay'] as Task[]) {
    for (const condition of ['real', 'symbolic'] as Condition[]) {
      const build = async (name: string, atOnce?: number) => {
        const outputDir = join(folder, name);
        const start = performance.now();
        await buildDataset({ task, condition, sourceDir: sources[task], tokenizerFile, contextTokens: CONTEXT, seed: 1, examples: { train: examples - 1, validation: 1 }, outputDir, ...(atOnce && { atOnce }) });
        return { seconds: (performance.now() - start) / 1000, bytes: readFileSync(join(outputDir, 'train.jsonl')) };
      };
      const [one, several] = [await build('one', 1), await build('several')];
      if (!one.bytes.equals(several.bytes)) throw new Error(`${task} ${condition}: other bytes when built one at a time`);
      const rate = examples / several.seconds;
      const columns = [`${task} / ${condition}`.padEnd(20), rate.toFixed(1).padStart(10), `${(1400 / rate).toFixed(0)} s`.padStart(16), `${(examples / one.seconds).toFixed(1)}/s`.padStart(15), (one.seconds / several.seconds).toFixed(2).padStart(7)];
      console.log(columns.join(' '));
    }
  }
  console.log(`\nmost memory: ${(mostMemory / 2 ** 30).toFixed(2)} GiB`);
} finally {
  clearInterval(watch);
  rmSync(folder, { recursive: true, force: true });
}
