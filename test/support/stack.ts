import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { SweepResult, type StageNews } from '#workflows/contracts/progress.ts';
import { anyPort, executable } from '../infra/servers/support.ts';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

const NEWS_BYTES = 200_000;

/** `needlework up` as a person runs it, in a home folder and on ports of its own. */
export interface RunningStack {
  home: string;
  /** Address of Temporal's web UI. */
  uiUrl: string;
  process: ChildProcess;
  /** Runs the stock Temporal CLI against the stack, in the checkout; resolves with its standard output. */
  temporal: (...args: string[]) => Promise<string>;
  /** Starts a sweep with the CLI alone, from a spec file, and waits for its result. */
  sweep: (workflowId: string, specFile: string) => Promise<SweepResult>;
  /** The same in two steps. */
  start: (workflowId: string, specFile: string) => Promise<void>;
  /** Has so many bytes of news, which are of no stage, come to a sweep. */
  swell: (workflowId: string, bytes: number) => Promise<void>;
  result: (workflowId: string) => Promise<SweepResult>;
  stop: () => Promise<void>;
}

export async function needleworkUp(home: string, more: NodeJS.ProcessEnv = {}): Promise<RunningStack> {
  const env = {
    ...process.env,
    ...more,
    NEEDLEWORK_HOME: home,
    NEEDLEWORK_TEMPORAL_PORT: String(await anyPort()),
    NEEDLEWORK_UI_PORT: String(await anyPort()),
    NEEDLEWORK_S3_PORT: String(await anyPort()),
  };
  const child = spawn(process.execPath, [join(CHECKOUT, 'workers', 'cli', 'main.ts'), 'up'], { cwd: CHECKOUT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  while (!output.includes('In a second terminal')) {
    if (child.exitCode !== null) throw new Error(`needlework up ended with status ${child.exitCode}:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { temporalAddress, uiUrl } = JSON.parse(await readFile(join(home, 'stack.json'), 'utf8')) as { temporalAddress: string; uiUrl: string };
  const temporal = async (...args: string[]) => {
    const { stdout } = await run(executable('NEEDLEWORK_TEMPORAL_CLI'), [...args, '--address', temporalAddress], { cwd: CHECKOUT, maxBuffer: 2 ** 26 });
    return stdout;
  };
  const start = async (workflowId: string, specFile: string) => {
    await temporal('workflow', 'start', '--type', 'sweep', '--task-queue', 'needlework', '--workflow-id', workflowId, '--input-file', specFile);
  };
  const result = async (workflowId: string) => {
    const output = await temporal('workflow', 'result', '--workflow-id', workflowId, '--output', 'json').catch((error: { stdout?: string }) => error.stdout ?? '');
    const { result: found, closeEvent } = JSON.parse(output) as { result?: object; closeEvent?: { workflowExecutionFailedEventAttributes?: { failure: { message: string } } } };
    if (found === undefined) throw new Error(closeEvent?.workflowExecutionFailedEventAttributes?.failure.message ?? output);
    return SweepResult.parse(found);
  };
  return {
    home,
    uiUrl,
    process: child,
    temporal,
    start,
    swell: async (workflowId, bytes) => {
      const connection = await Connection.connect({ address: temporalAddress });
      const news: StageNews = { key: 'f'.repeat(64), advance: { phase: 'train', done: 1, total: 2, unit: 'steps', percent: 50, endsAbout: null, metrics: {}, log: ['l'.repeat(NEWS_BYTES)] } };
      const handle = new Client({ connection }).workflow.getHandle(workflowId);
      for (let sent = 0; sent < bytes; sent += NEWS_BYTES) {
        await handle.signal('stageNews', news);
        // The server takes a task away of whose workflow more than 2 MB wait. A query waits until they have been heard.
        if ((sent / NEWS_BYTES) % 5 === 0) await handle.query('failures');
      }
      await connection.close();
    },
    result,
    sweep: async (workflowId, specFile) => {
      await start(workflowId, specFile);
      return result(workflowId);
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      await ended;
    },
  };
}

/** Steps that the running training of a cell has made, by its heartbeat; 0 before it has begun. */
export async function trainingSteps(stack: RunningStack, workflowId: string): Promise<number> {
  const text = await stack.temporal('workflow', 'describe', '--workflow-id', workflowId, '--output', 'json').catch(() => '{}');
  const { pendingActivities = [] } = JSON.parse(text) as { pendingActivities?: { heartbeatDetails?: { phase: string; done: number }[] | { payloads: { data: string }[] } }[] };
  return Math.max(
    0,
    ...pendingActivities.map(({ heartbeatDetails }) => {
      const details = Array.isArray(heartbeatDetails) ? heartbeatDetails[0] : heartbeatDetails && JSON.parse(Buffer.from(heartbeatDetails.payloads[0]!.data, 'base64').toString());
      return details?.phase === 'train' && details.done > 0 && Number.isInteger(details.done) ? (details.done as number) : 0;
    }),
  );
}
