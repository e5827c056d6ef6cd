/**
 * A process of its own that asks `count` requests and prints a line for each that is answered, for the test that kills it.
 * Its one argument is a JSON text; the LLM's address and key come from its environment.
 */
import { artifactClient } from '#infra/artifacts/client.ts';
import { openAsker } from '#infra/llm/index.ts';
import type { TestStore } from './s3.ts';

interface Task extends Pick<TestStore, 'connection' | 'bucket'> {
  folder: string;
  model: string;
  ledger: string;
  concurrency: number;
  count: number;
}

const { connection, count, ...options } = JSON.parse(process.argv[2] as string) as Task;
const asker = await openAsker({ ...options, s3: artifactClient(connection), env: process.env, costCeilingDollars: 5 });
await Promise.all(
  Array.from({ length: count }, async (_, number) => {
    const { reply, paid } = await asker.ask({ model: options.model, messages: [{ role: 'user', content: `request ${number}` }], parameters: { temperature: 1, maxTokens: 128 }, attempt: 0 });
    process.stdout.write(`${JSON.stringify({ number, text: reply.text, paid })}\n`);
  }),
);
const { dollars } = asker.stats();
await asker.close();
process.stdout.write(`${JSON.stringify({ dollars })}\n`);
