/**
 * How fast replies come from the cache: `npm run bench -- llm-cache [ROWS]`. Needs ../shared/data. The requests are those of the
 * haystack of MDQA's condition high/high at 32K tokens, a call per passage. They are asked alone, against one object per reply on
 * the same S3 server, and within the writing stage, against replies in memory: what is left then is the stage's own work.
 * All must give the same replies, and write the same bytes.
 */
import { mkdtempSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { llmSource, offlineSource, type Source, Writer } from '#activities/write/ask.ts';
import { inOrder } from '#activities/dataset/in-order.ts';
import { itemsOf } from '#activities/write/items.ts';
import { messagesOf } from '#activities/write/prompts.ts';
import { writeItems } from '#activities/write/write-items.ts';
import { importNqOpen } from '#activities/source/index.ts';
import { artifactClient } from '#infra/artifacts/client.ts';
import { type Asker, type ChatReply, type ChatRequest, openAsker, requestKey } from '#infra/llm/index.ts';
import { ReplyCache } from '#infra/llm/cache/reply-cache.ts';
import { Objects } from '#infra/llm/objects.ts';
import { anyFreePort, loadOrCreateCredentials, S3_REGION, startS3 } from '#infra/servers/index.ts';

const CONTEXT = 32_768;
const MODEL = 'bench/model';
const PARAMETERS = { temperature: 1, maxTokens: 1024 };
/** The default of a spec, and the items that a stage then has in the making. */
const CONCURRENCY = 16;
const AT_ONCE = 4 * CONCURRENCY;
/** What building a dataset of 1,400 examples may take. */
const BUDGET_SECONDS = 180;
const PUTS_AT_ONCE = 32;

const data = (path: string) => fileURLToPath(new URL(`../../../shared/data/mdqa/${path}`, import.meta.url));
const rows = Number(process.argv[2] ?? 379);
const versitygw = process.env.NEEDLEWORK_VERSITYGW;
if (!versitygw) throw new Error('NEEDLEWORK_VERSITYGW: found nothing; run this as npm run bench -- llm-cache');

const folder = mkdtempSync(join(tmpdir(), 'needlework-bench-'));
const credentials = loadOrCreateCredentials(join(folder, 'credentials.json'));
const bucket = 'bench';
const server = await startS3({ executable: versitygw, folder: join(folder, 's3'), port: await anyFreePort(), credentials, bucket, logFile: join(folder, 's3.log') });
const s3 = artifactClient({ endpoint: server.endpoint, region: S3_REGION, credentials });
const objects = new Objects({ s3, bucket });
// Nobody answers there: whoever asked for more than the cache holds would fail.
const env = { OPENAI_API_KEY: 'none', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' };

try {
  const sourceDir = join(folder, 'source');
  await importNqOpen({ questionsFile: data('nq-open-20-documents.jsonl.gz'), poolFile: data('passage-pool.jsonl.gz'), seed: 1, trainRows: rows, testRows: 1, outputDir: sourceDir });
  const requests: ChatRequest[] = [];
  const replies = new Map<string, ChatReply>();
  const templates = offlineSource(1);
  await write('templates', sourceDir, async (id, slots, attempt) => {
    const made = await templates(id, slots, attempt);
    const { text, finishReason, refusal } = made;
    const request = { model: MODEL, messages: messagesOf(id, slots), parameters: PARAMETERS, attempt };
    requests.push(request);
    replies.set(requestKey(request), { text, finishReason, refusal, usage: { promptTokens: 200, completionTokens: 150 } });
    return made;
  });
  const filled = await ReplyCache.open({ s3, bucket, folder: join(folder, 'filling'), model: MODEL });
  for (const [key, reply] of replies) await filled.keep(key, reply);
  await filled.close();
  const waiting = [...replies];
  await Promise.all(
    Array.from({ length: PUTS_AT_ONCE }, async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await objects.write(objectOf(next[0]), JSON.stringify(next[1]));
    }),
  );

  const memory: Asker = { ask: async (request) => ({ reply: replies.get(requestKey(request)) as ChatReply, paid: false }) };
  const single: Asker = {
    ask: async (request) => {
      const bytes = await objects.read(objectOf(requestKey(request)));
      if (bytes === null) throw new Error(`no object for ${requestKey(request)}`);
      return { reply: JSON.parse(bytes.toString()) as ChatReply, paid: false };
    },
  };
  const fromCache = (replyFolder: string) => () => openAsker({ s3, bucket, folder: join(folder, replyFolder), env, model: MODEL, concurrency: CONCURRENCY, ledger: 'bench' });
  const kept = (asker: Asker) => async () => ({ ...asker, close: async () => {} });
  const ways: [string, () => Promise<Asker & { close(): Promise<void> }>][] = [
    ['cache, new worker: shards from S3', fromCache('worker')],
    ['cache, same worker again', fromCache('worker')],
    ['one S3 object per reply', kept(single)],
  ];
  console.log(`${replies.size.toLocaleString('en')} replies, for ${rows} rows and contexts of ${CONTEXT.toLocaleString('en')} tokens of MDQA high/high\n`);
  console.log(`${''.padEnd(46)} seconds   of them CPU   replies/s   of ${BUDGET_SECONDS} s`);
  for (const [name, open] of ways) {
    await timed(`asked alone: ${name}`, replies.size, async () => {
      const asker = await open();
      for await (const same of inOrder(each(requests), AT_ONCE, async (request) => (await asker.ask(request)).reply.text === replies.get(requestKey(request))?.text)) if (!same) throw new Error(`${name}: another reply than was stored`);
      await asker.close();
    });
  }
  const stages: [string, () => Promise<Asker & { close(): Promise<void> }>][] = [
    ['replies in memory', kept(memory)],
    ['cache, new worker: shards from S3', fromCache('stage-worker')],
  ];
  let first: Buffer | null = null;
  for (const [name, open] of stages) {
    await timed(`writing stage: ${name}`, replies.size, async () => {
      const asker = await open();
      const bytes = await write(name, sourceDir, llmSource(asker, MODEL, PARAMETERS));
      await asker.close();
      if (!bytes.equals((first ??= bytes))) throw new Error(`${name}: other bytes than from memory`);
    });
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function timed(name: string, count: number, run: () => Promise<void>): Promise<void> {
  const [begun, before] = [performance.now(), process.cpuUsage()];
  await run();
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(before);
  const columns = [name.padEnd(46), seconds.toFixed(2).padStart(7), ((user + system) / 1e6).toFixed(2).padStart(13), Math.round(count / seconds).toLocaleString('en').padStart(11), `${((100 * seconds) / BUDGET_SECONDS).toFixed(1)} %`.padStart(10)];
  console.log(columns.join(' '));
}

function objectOf(key: string): string {
  return `single/${key}.json`;
}

/** The writing stage over such replies; gives the file that it writes. */
async function write(name: string, sourceDir: string, source: Source): Promise<Buffer> {
  const outputDir = join(folder, name.replace(/\W+/g, '-'));
  mkdirSync(outputDir, { recursive: true });
  const items = itemsOf({ task: 'mdqa', what: 'passages', expression: 'high', sourceDir, passages: Math.ceil(CONTEXT / 100) + 10, lowFacts: 'template', seed: 1 });
  await writeItems(items, { writer: new Writer(source, 3), writerName: MODEL, atOnce: AT_ONCE, outputDir, rows, dollars: () => 0 });
  return readFileSync(join(outputDir, 'passages.jsonl'));
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
