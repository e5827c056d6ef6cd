/** The Temporal CLI, which holds the development server and its Web UI. */
import { dirname } from 'node:path';
import { ask, onPath, rememberedAbout } from '../programs.mjs';
import { goInstall } from '../goinstall.mjs';
import { TEMPORAL_CLI } from '../pins.mjs';

export const temporal = {
  label: 'Temporal CLI',
  async run(context) {
    const own = onPath('temporal');
    const found = own && (await rememberedAbout(context.cache, own, probe));
    if (found) return { executable: own, folder: dirname(own), note: `${found.version} on PATH` };
    return goInstall({
      context, name: 'temporal', ...TEMPORAL_CLI,
      // Else the built program calls itself 0.0.0-DEV.
      ldflags: `-X github.com/temporalio/cli/temporalcli.Version=${TEMPORAL_CLI.version.slice(1)}`,
    });
  },
};

/** Asks for what we use rather than for a version: very old ones, and other programs of this name, lack it. */
async function probe(file) {
  const help = await ask(file, ['server', 'start-dev', '--help']);
  if (!help || !['--db-filename', '--ui-port', '--search-attribute'].every((option) => help.includes(option))) return null;
  return { version: (await ask(file, ['--version']))?.trim().split('\n')[0] ?? 'unknown version' };
}
