import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { loadOrCreateCredentials, S3_REGION } from '#infra/servers/index.ts';
import { CHECKOUT } from '#workers/home.ts';

/** Runs `needlework …` as a person does, in this checkout or another one; output (both streams) and exit status. */
export function needlework(args: readonly string[], env: NodeJS.ProcessEnv, checkout = CHECKOUT): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--disable-warning=ExperimentalWarning', join(checkout, 'workers', 'cli', 'main.ts'), ...args], { cwd: checkout, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => resolve({ status: typeof error?.code === 'number' ? error.code : error ? 1 : 0, output: stdout + stderr }));
  });
}

/** The environment by which a command finds the store of `s3ForTests(folder)`, as it would a fleet's. */
export function storeEnvironment(folder: string, endpoint: string): NodeJS.ProcessEnv {
  const { accessKeyId, secretAccessKey } = loadOrCreateCredentials(join(folder, 'credentials.json'));
  return { NEEDLEWORK_HOME: join(folder, 'home'), NEEDLEWORK_S3_BUCKET: 'needlework', NEEDLEWORK_S3_ENDPOINT: endpoint, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: S3_REGION };
}

/** The same within this process, which takes a tenth of the time: what a command prints, and whether it succeeds. */
export async function inProcess(env: NodeJS.ProcessEnv, command: () => Promise<void>): Promise<{ status: number; output: string }> {
  const [before, log] = [{ ...process.env }, console.log];
  const lines: string[] = [];
  Object.assign(process.env, env);
  console.log = (line: string) => void lines.push(line);
  try {
    await command();
    return { status: Number(process.exitCode ?? 0), output: `${lines.join('\n')}\n` };
  } catch (error) {
    return { status: 1, output: [...lines, error instanceof Error ? error.message : error].join('\n') };
  } finally {
    console.log = log;
    process.exitCode = undefined;
    for (const name of Object.keys(env)) if (before[name] === undefined) delete process.env[name];
    Object.assign(process.env, before);
  }
}
