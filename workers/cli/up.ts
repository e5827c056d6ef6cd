import { homeFrom } from '../home.ts';
import { runningStack, startStack } from '../stack.ts';
import { untilStopped } from './signals.ts';

/** `needlework up`: the embedded stack, until it is interrupted. */
export async function up(): Promise<void> {
  const home = homeFrom(process.env);
  const other = await runningStack(home);
  if (other) throw new Error(`a stack of this checkout is up already (process ${other.pid}, Temporal at ${other.temporalAddress})`);
  const stack = await startStack(home, process.env, (step) => console.log(`starting ${step}`), (text) => console.log(text));
  console.log(
    [
      '',
      `Temporal     ${stack.temporalAddress}`,
      `Web UI       ${stack.uiUrl}`,
      `Artifacts    ${stack.s3Folder}`,
      '',
      'In a second terminal:',
      '',
      '    eval "$(npx needlework env)"',
      ...(stack.temporalAddress.endsWith(':7233') ? [] : [`    export TEMPORAL_ADDRESS=${stack.temporalAddress}`]),
      '    temporal workflow start --type sweep --task-queue needlework --workflow-id my-sweep --input-file examples/quickstart.json',
      '    temporal workflow query --workflow-id my-sweep --type progress',
      '',
      'Ctrl-C stops it. A sweep that is running then goes on when it is brought up again.',
    ].join('\n'),
  );
  try {
    await Promise.race([untilStopped(), stack.failed]);
  } finally {
    console.log('stopping');
    await stack.stop();
  }
}
