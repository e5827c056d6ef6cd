/** The `needlework` command. Set-up (infra/setup) has run before this, and found or built what the commands use. */
import { Command, InvalidArgumentError } from 'commander';
import { InvalidInput } from '#workflows/contracts/parse.ts';
import { plan } from './plan.ts';
import { start } from './start.ts';
import { up } from './up.ts';
import { worker } from './worker.ts';

const DEFAULT_SPEC = 'examples/quickstart.json';

const program = new Command('needlework')
  .description('Durable experiments on synthetic context extension.')
  .showHelpAfterError()
  .configureHelp({ showGlobalOptions: true });

program
  .command('start', { isDefault: true })
  .description('run a sweep on this machine from start to report, with servers of its own (what `npm start` does)')
  .argument('[spec]', 'sweep spec (JSON)', DEFAULT_SPEC)
  .option('--id <workflow id>', "workflow id of the sweep; the spec's name by default")
  .action(start);

program
  .command('up')
  .description('bring up Temporal, S3 and the workers on this machine and keep them up, to be driven with the temporal CLI')
  .action(up);

program
  .command('plan')
  .description('check a sweep spec and print its stages and keys, without running anything')
  .argument('[spec]', 'sweep spec (JSON)', DEFAULT_SPEC)
  .action(plan);

program
  .command('worker')
  .description('run one worker against the Temporal server and S3 store that the environment names')
  .argument('<role>', 'light or trainer', (role: string) => {
    if (role !== 'light' && role !== 'trainer') throw new InvalidArgumentError(`found "${role}", allowed: light, trainer`);
    return role;
  })
  .action(worker);

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof InvalidInput || !process.env.NEEDLEWORK_DEBUG ? `needlework: ${error instanceof Error ? error.message : error}` : error);
  process.exitCode = 1;
}
// Sockets and native threads that are left over must not keep the command from ending.
setTimeout(() => process.exit(), 1_000).unref();
