/** A fleet on one machine: servers, proxies before them, and workers, each a process of its own that is started again when it ends. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { loadOrCreateCredentials, PRIORITY_AND_FAIRNESS, S3_REGION, startS3, startTemporal } from '#infra/servers/index.ts';
import { SEARCH_ATTRIBUTES } from '#workers/search-attributes.ts';
import { anyPort, executable } from '../infra/servers/support.ts';
import { type Disk, mountDisk, wipe } from './disk.ts';
import { keptServer, type Server } from './server.ts';
import { Supervised } from './supervised.ts';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const HOST = '127.0.0.1';
const BUCKET = 'needlework';
/** So that jobs of one cell go on while another's worker is down. */
const TRAINER_WORKERS = 2;
const DISK_MEBIBYTES = 192;

export interface Machine {
  worker: Supervised;
  role: 'light' | 'trainer';
  home: string;
  /** Null where no small disk can be had. */
  disk: Disk | null;
  /** Removes all files of this machine. */
  wipe: () => void;
}

export interface Fleet {
  client: Client;
  servers: readonly [Server, Server];
  machines: readonly Machine[];
  s3Folder: string;
  stop: () => Promise<void>;
}

/** `say` is told of what a supervisor would write in its log. */
export async function startFleet(folder: string, more: NodeJS.ProcessEnv, say: (text: string) => void): Promise<Fleet> {
  const stops: (() => unknown)[] = [];
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await Promise.resolve(one()).catch(() => {});
  };
  try {
    mkdirSync(folder, { recursive: true });
    const credentials = loadOrCreateCredentials(join(folder, 'credentials.json'));
    const [temporalPort, uiPort, s3Port] = [await anyPort(), await anyPort(), await anyPort()];
    const s3Folder = join(folder, 's3');
    const s3 = await keptServer('s3', s3Port, say, stops, () => startS3({ executable: executable('NEEDLEWORK_VERSITYGW'), folder: s3Folder, port: s3Port, credentials, bucket: BUCKET, logFile: join(folder, 'logs', 's3.log') }));
    const temporal = await keptServer('temporal', temporalPort, say, stops, () =>
      startTemporal({
        executable: executable('NEEDLEWORK_TEMPORAL_CLI'),
        databaseFile: join(folder, 'temporal.db'),
        port: temporalPort,
        uiPort,
        namespace: 'default',
        searchAttributes: SEARCH_ATTRIBUTES,
        dynamicConfig: PRIORITY_AND_FAIRNESS,
        logFile: join(folder, 'logs', 'temporal.log'),
      }),
    );
    // Whoever watches is not disturbed.
    const connection = Connection.lazy({ address: `${HOST}:${temporalPort}` });
    stops.push(() => connection.close());

    const env = {
      ...process.env,
      ...more,
      TEMPORAL_ADDRESS: `${HOST}:${temporal.proxy.port}`,
      NEEDLEWORK_S3_BUCKET: BUCKET,
      NEEDLEWORK_S3_ENDPOINT: `http://${HOST}:${s3.proxy.port}`,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: S3_REGION,
      NEEDLEWORK_NEWS_SECONDS: '2',
    };
    const disks: { said: boolean } = { said: false };
    const machine = (name: string, role: Machine['role']): Machine => {
      const home = join(folder, 'machines', name);
      const disk = mountDisk(home, DISK_MEBIBYTES, (reason) => {
        if (!disks.said) say(`workers have no small disks of their own, so that the fault "disk" is left out: ${reason}`);
        disks.said = true;
      });
      if (disk !== null) stops.push(() => disk.unmount());
      const worker = new Supervised({
        name,
        command: [process.execPath, join(CHECKOUT, 'workers', 'cli', 'main.ts'), 'worker', role],
        cwd: CHECKOUT,
        env: { ...env, NEEDLEWORK_HOME: home },
        logFile: join(folder, 'logs', `${name}.log`),
      });
      stops.push(() => worker.stop());
      worker.start();
      return { worker, role, home, disk, wipe: disk?.wipe ?? (() => wipe(home)) };
    };
    const machines = [machine('light', 'light'), ...Array.from({ length: TRAINER_WORKERS }, (_, at) => machine(`trainer-${at + 1}`, 'trainer'))];
    return { client: new Client({ connection }), servers: [s3, temporal], machines, s3Folder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
