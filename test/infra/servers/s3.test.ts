import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { loadOrCreateCredentials, S3_REGION, startS3, type S3Server } from '#infra/servers/index.ts';
import { commandLineOf } from '#infra/servers/processes.ts';
import { anyPort, executable, scratchFolder } from './support.ts';

const bucket = 'needlework';

async function start(folder: string, port?: number): Promise<{ server: S3Server; client: S3Client }> {
  const credentials = loadOrCreateCredentials(join(folder, 'credentials.json'));
  const server = await startS3({
    executable: executable('NEEDLEWORK_VERSITYGW'),
    folder: join(folder, 's3'),
    port: port ?? (await anyPort()),
    credentials,
    bucket,
    logFile: join(folder, 'logs', 's3.log'),
  });
  onTestFinished(() => server.stop());
  const client = new S3Client({ endpoint: server.endpoint, region: S3_REGION, forcePathStyle: true, credentials });
  onTestFinished(() => client.destroy());
  return { server, client };
}

test('objects are plain files, survive a restart with their metadata, and are written once', async () => {
  const folder = scratchFolder();
  const first = await start(folder);
  const put = { Bucket: bucket, Key: 'dataset/a.json', Body: '{"f1":1}', Metadata: { sha256: 'abc' }, IfNoneMatch: '*' };
  await first.client.send(new PutObjectCommand(put));
  await expect(first.client.send(new PutObjectCommand(put))).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
  expect(readFileSync(join(folder, 's3', bucket, 'dataset', 'a.json'), 'utf8')).toBe('{"f1":1}');
  await first.server.stop();
  expect(commandLineOf(first.server.pid)).toBeNull();

  const second = await start(folder);
  const object = await second.client.send(new GetObjectCommand({ Bucket: bucket, Key: 'dataset/a.json' }));
  expect(await object.Body?.transformToString()).toBe('{"f1":1}');
  expect((await second.client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'dataset/a.json' }))).Metadata).toEqual({ sha256: 'abc' });
});

test('credentials stand neither in the command line nor in the logs, and others are refused', async () => {
  const folder = scratchFolder();
  const { server } = await start(folder);
  const { accessKeyId, secretAccessKey } = loadOrCreateCredentials(join(folder, 'credentials.json'));
  const wrong = new S3Client({ endpoint: server.endpoint, region: S3_REGION, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey: 'not-the-secret-key' } });
  onTestFinished(() => wrong.destroy());
  await expect(wrong.send(new PutObjectCommand({ Bucket: bucket, Key: 'x', Body: 'x' }))).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  const seen = [commandLineOf(server.pid), ...readdirSync(join(folder, 'logs')).map((name) => readFileSync(join(folder, 'logs', name), 'utf8')), readFileSync(join(folder, 's3.pid'), 'utf8')].join('\n');
  expect(seen).toContain('posix');
  expect(seen).not.toContain(secretAccessKey);
  expect(seen).not.toContain(accessKeyId);
});

test('a taken port is a failure with advice, and does not disturb the server that has it', async () => {
  const { server, client } = await start(scratchFolder());
  await expect(start(scratchFolder(), Number(new URL(server.endpoint).port))).rejects.toThrow(/another program uses port \d+\. What to do/);
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'still-there', Body: 'x' }));
});
