/** The embedded Temporal server: `temporal server start-dev` on a SQLite file, with its Web UI. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Connection } from '@temporalio/client';
import { startServer, type RunningServer } from './server.ts';

export type SearchAttributeType = 'Bool' | 'Datetime' | 'Double' | 'Int' | 'Keyword' | 'KeywordList' | 'Text';

/**
 * Has tasks that wait for a worker served by priority, and those of equal priority in turns by fairness key; newer servers do the
 * former anyway. A database has it from its first start on: tasks that waited before it was switched on would not be served. A queue is
 * in one part, since each part has an order of its own.
 */
export const PRIORITY_AND_FAIRNESS = {
  'matching.useNewMatcher': true,
  'matching.enableFairness': true,
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
} as const;

/**
 * A log that is written ahead is not synced at each of the server's many small transactions. A killed server loses nothing by it; a
 * machine that loses its power at most the last moments, which are made again from the artifacts.
 */
const SQLITE_PRAGMAS = { journal_mode: 'WAL', synchronous: 'NORMAL' } as const;

export const DEV_SETTINGS = {
  /**
   * The development server reads the namespace and its search attributes from the database at every use, so that new ones count at
   * once; ours are there before it starts. Those that a person adds to a running server count after a minute at most.
   */
  'system.forceSearchAttributesCacheRefreshOnRead': false,
  /**
   * A workflow with thousands of children gets more than the usual 100 events while a worker is at its task; the server then takes the
   * task back, and the worker has to replay the whole history, which takes longer than the usual 10 s when it is long: it never catches up.
   */
  'history.maximumBufferedEventsBatch': 2_000,
  'history.defaultWorkflowTaskTimeout': '30s',
  /**
   * Queries wait for the task that a worker is at. Usually one may: of the Web UI, the terminal and a person that ask at the same time, the
   * others would be answered that the workflow is busy (status 429). Names count in upper and lower case here.
   */
  'history.MaxBufferedQueryCount': 100,
  /**
   * A worker that schedules an activity for its own queue, and has room for it, begins it at once, without the way through the queue: one
   * transaction in four less. Such activities pass by priorities; what waits for long, trainer jobs and LLM texts, has queues of its own.
   */
  'system.enableActivityEagerExecution': true,
} as const;

export interface TemporalOptions {
  /** The Temporal CLI. */
  executable: string;
  /** SQLite file of all workflow state; made where it is missing. Beside it lies the claim, `….pid`. */
  databaseFile: string;
  host?: string;
  port: number;
  uiPort: number;
  namespace: string;
  logFile: string;
  /** Search attributes to register, by name. */
  searchAttributes?: Record<string, SearchAttributeType>;
  /** Server settings, as for --dynamic-config-value. */
  dynamicConfig?: Record<string, string | number | boolean>;
}

export interface TemporalServer extends RunningServer {
  /** `host:port` for clients and workers. */
  address: string;
  uiUrl: string;
}

/**
 * Starts the server; resolves when the namespace, its search attributes and the Web UI are there.
 * @throws where it does not start, with the end of its log and advice
 */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const { executable, databaseFile, host = '127.0.0.1', port, uiPort, namespace, logFile, searchAttributes = {}, dynamicConfig = {} } = options;
  mkdirSync(dirname(databaseFile), { recursive: true });
  const address = `${host}:${port}`;
  const uiUrl = `http://${host}:${uiPort}`;
  const server = await startServer({
    what: 'The Temporal server',
    executable,
    args: [
      'server', 'start-dev',
      '--db-filename', databaseFile,
      ...Object.entries(SQLITE_PRAGMAS).flatMap(([name, value]) => ['--sqlite-pragma', `${name}=${value}`]),
      '--ip', host, '--port', String(port), '--ui-port', String(uiPort),
      '--namespace', namespace,
      '--log-level', 'warn',
      ...Object.entries(searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
      ...Object.entries({ ...DEV_SETTINGS, ...dynamicConfig }).flatMap(([name, value]) => ['--dynamic-config-value', `${name}=${JSON.stringify(value)}`]),
    ],
    logFile,
    pidFile: `${databaseFile}.pid`,
    host,
    ports: [port, uiPort],
    ready: async () => (await answers({ address, namespace, searchAttributes: Object.keys(searchAttributes) })) && (await fetch(uiUrl)).ok,
    advice: [
      { pattern: /address already in use|port .* already/i, advice: `another program uses port ${port} or ${uiPort}: stop it, or choose other ports` },
      { pattern: /database is locked/i, advice: `another Temporal server uses ${databaseFile}: stop it` },
      { pattern: /no space left|disk is full/i, advice: 'make room on the disk' },
      { pattern: /schema|malformed|not a database/i, advice: `${databaseFile} is damaged or of another version: move it away; finished artifacts are kept, so a sweep that is started again only does what is missing` },
    ],
  });
  return { ...server, address, uiUrl };
}

/** Whether the server knows the namespace and its search attributes; throws while it cannot be reached. */
async function answers({ address, namespace, searchAttributes }: { address: string; namespace: string; searchAttributes: string[] }): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 1000 });
  try {
    await connection.workflowService.describeNamespace({ namespace });
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return searchAttributes.every((name) => name in (customAttributes ?? {}));
  } finally {
    await connection.close();
  }
}
