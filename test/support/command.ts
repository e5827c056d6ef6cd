import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { loadOrCreateCredentials, S3_REGION } from '#infra/servers/index.ts';
import { CHECKOUT } from '#workers/home.ts';

/** Runs `needlework …` as a person does; output (both streams) and exit status. */
export function needlework(args: readonly string[], env: NodeJS.ProcessEnv): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--disable-warning=ExperimentalWarning', join(CHECKOUT, 'workers', 'cli', 'main.ts'), ...args], { cwd: CHECKOUT, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => resolve({ status: typeof error?.code === 'number' ? error.code : error ? 1 : 0, output: stdout + stderr }));
  });
}

/** The environment by which a command finds the store of `s3ForTests(folder)`, as it would a fleet's. */
export function storeEnvironment(folder: string, endpoint: string): NodeJS.ProcessEnv {
  const { accessKeyId, secretAccessKey } = loadOrCreateCredentials(join(folder, 'credentials.json'));
  return { NEEDLEWORK_HOME: join(folder, 'home'), NEEDLEWORK_S3_BUCKET: 'needlework', NEEDLEWORK_S3_ENDPOINT: endpoint, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: S3_REGION };
}
