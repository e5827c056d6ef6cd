// A job process that does what its job file says: the launcher's own side of the protocol, without a trainer.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
say({ type: 'ready', protocol: 1, versions: { echo: '1' }, device: { name: 'none', kind: 'cpu', threads: 1 } });
for await (const line of createInterface({ input: process.stdin })) {
  const { job } = JSON.parse(line);
  const { jobId, does, delay = 0 } = JSON.parse(readFileSync(job, 'utf8'));
  await new Promise((resolve) => setTimeout(resolve, delay));
  if (does === 'crash') {
    console.error('out of luck');
    process.exit(3);
  }
  if (does === 'be killed') process.kill(process.pid, 'SIGKILL');
  // What the client of a container engine says of the same.
  if (does === 'be killed inside') process.exit(137);
  if (does === 'noise') process.stdout.write('not an event\n');
  if (does === 'refuse') say({ type: 'error', jobId, error: { type: 'PromptTooLong', message: 'prompt has 9 tokens', retryable: false } });
  else {
    say({ type: 'progress', jobId, phase: 'work', done: 1, total: 2 });
    if (does === 'save') say({ type: 'checkpoint', jobId, name: 'step-00000001', step: 1 });
    if (does === 'stray') say({ type: 'checkpoint', jobId, name: '../elsewhere', step: 1 });
    if (does === 'hang') await new Promise((resolve) => setTimeout(resolve, 600_000));
    say({ type: 'result', jobId, summary: { pid: process.pid, secret: process.env.AWS_SECRET_ACCESS_KEY ?? null }, measurements: does === 'load' ? { modelReloaded: true, loadSeconds: 12 } : {} });
  }
}
