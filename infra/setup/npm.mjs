/** How npm is called: by the npm that called us, else by the one on PATH. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Program and arguments of an npm command.
 * @param {...string} args
 * @returns {[string, string[]]}
 */
export function npm(...args) {
  const caller = process.env.npm_execpath;
  // Other package managers set this variable too.
  const script = caller && join(dirname(caller), 'npm-cli.js');
  return script && existsSync(script) ? [process.execPath, [script, ...args]] : ['npm', args];
}
