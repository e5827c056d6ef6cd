/**
 * `npm run test:container`: builds the trainer's image and runs the tests of this folder with it, for real. Where there is no
 * container engine it says so and does nothing; where one was asked for by NEEDLEWORK_CONTAINER_ENGINE, it fails.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findEngine, NoEngine } from '#infra/launcher/engine.ts';
import { image } from '#workers/cli/image.ts';
import { chooseBase, forRestrictedHosts } from './base-image.ts';

const say = (line: string) => process.stderr.write(`test:container: ${line}\n`);

try {
  const engine = await findEngine(process.env);
  const base = await chooseBase(engine, say);
  const restricted = await forRestrictedHosts(engine, base.image);
  if (restricted !== null) say(`this machine does not let containers raise limits or use its cgroups: ${restricted.CONTAINERS_CONF}`);
  Object.assign(process.env, restricted);
  say(`${engine.program} builds the trainer's image from ${base.image}`);
  await image(base.buildOptions, { base: base.image });
} catch (error) {
  if (!(error instanceof NoEngine)) throw error;
  const asked = Boolean(process.env.NEEDLEWORK_CONTAINER_ENGINE);
  say(`${asked ? 'FAILED' : 'SKIPPED, nothing was tested'}: ${error.message}`);
  process.exit(asked ? 1 : 0);
}
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const config = fileURLToPath(new URL('vitest.config.ts', import.meta.url));
const { status } = spawnSync(process.execPath, [vitest, 'run', '--configLoader=native', '--config', config, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(status ?? 1);
