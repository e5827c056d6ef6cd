import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { registerSearchAttributes, startTemporal, type TemporalServer } from '#infra/servers/index.ts';
import { commandLineOf } from '#infra/servers/processes.ts';
import { DEV_SETTINGS, PRIORITY_AND_FAIRNESS } from '#infra/servers/temporal.ts';
import { anyPort, executable, scratchFolder } from './support.ts';

async function start(folder: string, overrides: { port?: number } = {}): Promise<TemporalServer> {
  const server = await startTemporal({
    executable: executable('NEEDLEWORK_TEMPORAL_CLI'),
    databaseFile: join(folder, 'temporal.db'),
    port: overrides.port ?? (await anyPort()),
    uiPort: await anyPort(),
    namespace: 'default',
    logFile: join(folder, 'logs', 'temporal.log'),
    searchAttributes: { NeedleworkCondition: 'Keyword' },
  });
  onTestFinished(() => server.stop());
  return server;
}

async function withClient<T>(address: string, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

test('the server is ready, shows its Web UI, keeps its state over a restart, and ends', async () => {
  const folder = scratchFolder();
  const first = await start(folder);
  expect(first.address).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(await (await fetch(first.uiUrl)).text()).toContain('<html');
  await withClient(first.address, (client) =>
    client.workflow.start('sweep', { taskQueue: 'nobody', workflowId: 'kept', args: [], searchAttributes: { NeedleworkCondition: ['real'] } }),
  );
  await first.stop();
  await first.stop();
  expect(commandLineOf(first.pid)).toBeNull();
  expect(existsSync(join(folder, 'temporal.db.pid'))).toBe(false);

  const second = await start(folder);
  const status = await withClient(second.address, async (client) => (await client.workflow.getHandle('kept').describe()).status.name);
  expect(status).toBe('RUNNING');
});

// It takes any name, and says nothing of those that it does not know.
test('every setting is one that the server of the set-up knows', () => {
  const server = readFileSync(executable('NEEDLEWORK_TEMPORAL_CLI'));
  expect(Object.keys({ ...DEV_SETTINGS, ...PRIORITY_AND_FAIRNESS }).filter((name) => !server.includes(name))).toEqual([]);
  expect(server.includes('matching.noSuchSetting')).toBe(false);
});

test('search attributes that a server lacks are registered once, and a refusal names the commands for those who may', async () => {
  const { address } = await start(scratchFolder());
  const attributes = { NeedleworkCondition: 'Keyword', NeedleworkStage: 'Keyword' } as const;
  const connection = await Connection.connect({ address });
  try {
    const { operatorService } = connection;
    // A server on which we may look but not register.
    const denied = Object.create(operatorService, { addSearchAttributes: { value: () => Promise.reject(Object.assign(new Error('7 PERMISSION_DENIED'), { details: 'Request unauthorized.' })) } }) as typeof operatorService;
    await expect(registerSearchAttributes({ operatorService: denied }, 'default', attributes)).rejects.toThrow(
      /are missing and could not be registered \(Request unauthorized\.\)[^]*\n {2}temporal operator search-attribute create --namespace default --name NeedleworkStage --type Keyword$/,
    );
    expect(await registerSearchAttributes(connection, 'default', attributes)).toEqual(['NeedleworkStage']);
    expect(await registerSearchAttributes(connection, 'default', attributes)).toEqual([]);
    expect(await registerSearchAttributes({ operatorService: denied }, 'default', attributes)).toEqual([]);
    await expect(registerSearchAttributes(connection, 'default', { NeedleworkStage: 'Int' })).rejects.toThrow('found NeedleworkStage with another type, allowed: NeedleworkStage of type Int');
  } finally {
    await connection.close();
  }
});

test('a second server on the same state is refused, and the first lives on', async () => {
  const folder = scratchFolder();
  const first = await start(folder);
  await expect(start(folder)).rejects.toThrow(/The Temporal server runs already \(process \d+/);
  expect(commandLineOf(first.pid)).not.toBeNull();
});

test('a taken port is a failure with advice, and does not disturb the server that has it', async () => {
  const first = await start(scratchFolder());
  await expect(start(scratchFolder(), { port: Number(first.address.split(':')[1]) })).rejects.toThrow(/another program uses port \d+\. What to do/);
  expect((await fetch(first.uiUrl)).ok).toBe(true);
});

test('a server that ends while starting is a failure with the end of its log and advice', async () => {
  const folder = scratchFolder();
  writeFileSync(join(folder, 'temporal.db'), 'this is no SQLite file, and long enough to be read as one'.repeat(100));
  await expect(start(folder)).rejects.toThrow(/The Temporal server ended while starting[\s\S]*not a database[\s\S]*Log: [\s\S]*What to do: .*is damaged/);
  expect(readFileSync(join(folder, 'logs', 'temporal.log'), 'utf8')).toContain('not a database');
  expect(existsSync(join(folder, 'temporal.db.pid'))).toBe(false);
});
