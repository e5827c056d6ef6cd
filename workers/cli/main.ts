/** The `needlework` command. Set-up (infra/setup) has run before this, and found or built what the commands use. */
import { Command, InvalidArgumentError } from 'commander';
import { InvalidInput } from '#workflows/contracts/parse.ts';
import { advise } from './advise.ts';
import { compare } from './compare.ts';
import { image } from './image.ts';
import { plan } from './plan.ts';
import { report } from './report.ts';
import { start } from './start.ts';
import { up } from './up.ts';
import { worker, WORKER_ROLES } from './worker.ts';

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
  .option('--park', 'where cells are blocked and nothing else is left to do, wait for a retry, skip or finish by the temporal CLI, instead of ending as partial')
  .action(start);

program
  .command('up')
  .description('bring up Temporal, S3 and the workers on this machine and keep them up, to be driven with the temporal CLI')
  .action(up);

program
  .command('plan')
  .description('check a sweep spec and print its DAG with what becomes of each stage and why, and what each cell would take (examples, LLM calls, dollars, GPU hours), without running anything')
  .argument('[spec]', 'sweep spec (JSON)', DEFAULT_SPEC)
  .option('--stages', 'list every stage with its key and inputs')
  .action(plan);

program
  .command('report')
  .description('make the report of a sweep from the store alone, at any time: finished, partial or still running; without a name, list the sweeps of the store')
  .argument('[sweep]', 'workflow id of the sweep')
  .option('--out <folder>', 'folder to write the report to, instead of the reports folder')
  .action(report);

program
  .command('compare')
  .description('put two sweeps of the store side by side: F1, heads and overlap of the same cells, and where their specs differ')
  .argument('<a>', 'workflow id of a sweep')
  .argument('<b>', 'workflow id of another one')
  .option('--out <folder>', 'folder to write comparison.html and comparison.json to, instead of one among the reports')
  .action(compare);

program
  .command('advise')
  .description('rank training data for a model by how its heads overlap with those that real data teaches: the conditions of a sweep of the store, or the candidates of an advice spec, which are trained and scored for it but not evaluated')
  .argument('<what>', 'workflow id of a sweep of the store, or an advice spec (a path that ends in .json)')
  .option('--by <overlap>', 'what candidates are ranked by: recall or cosine; as a rule recall, or what the spec says', (by: string) => {
    if (by !== 'recall' && by !== 'cosine') throw new InvalidArgumentError(`found "${by}", allowed: recall, cosine`);
    return by;
  })
  .option('--out <folder>', 'folder to write advice.html and advice.json to, instead of one among the reports')
  .action(advise);

program
  .command('worker')
  .description('run one worker against the Temporal server and S3 store that the environment names')
  .argument('<role>', WORKER_ROLES.join(', '), (found: string) => {
    const role = WORKER_ROLES.find((each) => each === found);
    if (role === undefined) throw new InvalidArgumentError(`found "${found}", allowed: ${WORKER_ROLES.join(', ')}`);
    return role;
  })
  .action(worker);

program
  .command('image')
  .description("build the trainer's container image of this checkout with Docker or Podman, and print its name")
  .argument('[options...]', "after --: further options of the engine's build")
  .option('--base <image>', "base image, by default the Containerfile's (CUDA)")
  .option('--index <url>', 'Python package index, by default PIP_INDEX_URL or PyPI')
  .action(image);

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof InvalidInput || !process.env.NEEDLEWORK_DEBUG ? `needlework: ${error instanceof Error ? error.message : error}` : error);
  process.exitCode = 1;
}
// Sockets and native threads that are left over must not keep the command from ending.
setTimeout(() => process.exit(), 1_000).unref();
