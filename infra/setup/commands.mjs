/** Which command needs which steps of the set-up. The commands themselves are in workers/cli. */

export const EVERYTHING = ['node', 'packages', 'temporal', 'versitygw', 'python'];
const ENOUGH_TO_RUN_TYPESCRIPT = ['node', 'packages'];

/** Commands not named here (plan, image, --help …) only run TypeScript. */
const STEPS_OF = {
  setup: EVERYTHING,
  env: EVERYTHING,
  start: EVERYTHING,
  up: EVERYTHING,
  advise: EVERYTHING,
  worker: ['node', 'packages', 'python'],
  report: [...ENOUGH_TO_RUN_TYPESCRIPT, 'versitygw'],
  compare: [...ENOUGH_TO_RUN_TYPESCRIPT, 'versitygw'],
  test: EVERYTHING,
};

/**
 * @param {string | undefined} command first argument of `needlework`
 * @param {string[]} args the others
 * @returns {string[]} names of steps
 */
export function stepsOf(command, args = []) {
  if (args.includes('--help') || args.includes('-h')) return ENOUGH_TO_RUN_TYPESCRIPT;
  return STEPS_OF[command] ?? ENOUGH_TO_RUN_TYPESCRIPT;
}

/**
 * What the set-up found, as environment variables for the processes it starts. Pure.
 * @param {{ cache: string, found: Record<string, any>, path: string }} state `found`: results of the steps, by name
 * @returns {Record<string, string>}
 */
export function environment({ cache, found, path }) {
  const folders = [found.node?.folder, found.temporal?.folder].filter((folder) => folder && !path.split(':').includes(folder));
  return {
    PATH: [...folders, path].join(':'),
    NEEDLEWORK_CACHE: cache,
    ...(found.temporal && { NEEDLEWORK_TEMPORAL_CLI: found.temporal.executable }),
    ...(found.versitygw && { NEEDLEWORK_VERSITYGW: found.versitygw.executable }),
    ...(found.python && { NEEDLEWORK_PYTHON_ENV: found.python.executable }),
  };
}

/** `export` lines for a POSIX shell. Pure. */
export function exportLines(variables) {
  return Object.entries(variables).map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`).join('\n');
}
