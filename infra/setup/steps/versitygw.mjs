/** The S3 server: Versity's gateway, whose posix backend keeps objects as plain files. */
import { dirname } from 'node:path';
import { ask, onPath, rememberedAbout } from '../programs.mjs';
import { goInstall } from '../goinstall.mjs';
import { VERSITYGW } from '../pins.mjs';

export const versitygw = {
  label: 'S3 server (versitygw)',
  async run(context) {
    const own = onPath('versitygw');
    const found = own && (await rememberedAbout(context.cache, own, probe));
    if (found) return { executable: own, folder: dirname(own), note: `${own} on PATH` };
    return goInstall({ context, name: 'versitygw', ...VERSITYGW });
  },
};

async function probe(file) {
  const help = await ask(file, ['posix', '--help']);
  return help?.includes('--sidecar') ? {} : null;
}
