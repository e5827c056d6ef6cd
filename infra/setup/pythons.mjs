/** Finding a Python that can hold the trainer's environment. */
import { ask, onPath } from './programs.mjs';
import { SetupFailure } from './failure.mjs';
import { NEWEST_PYTHON, OLDEST_PYTHON } from './pins.mjs';
import { within } from './versions.mjs';

const CANDIDATES = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3.14', 'python'];

/** `ensurepip` is what Debian's python3 lacks until python3-venv is installed. */
const QUESTION = `
import importlib.util as i, json, platform, sys
print(json.dumps({
  "version": platform.python_version(),
  "executable": sys.executable,
  "implementation": platform.python_implementation(),
  "venv": all(i.find_spec(m) is not None for m in ("venv", "ensurepip")),
}))`;

/**
 * The first suitable Python: NEEDLEWORK_PYTHON where set, else the first on PATH.
 * @returns {Promise<{ executable: string, version: string }>}
 * @throws {SetupFailure} naming each Python that was looked at and what is wrong with it.
 */
export async function findPython() {
  const chosen = process.env.NEEDLEWORK_PYTHON;
  const seen = [];
  for (const name of chosen ? [chosen] : CANDIDATES) {
    const file = name.includes('/') ? name : onPath(name);
    if (!file) continue;
    const answer = await ask(file, ['-I', '-c', QUESTION]);
    const found = answer && parse(answer);
    const wrong = whyNot(found);
    if (wrong === null) return found;
    seen.push(`${file} ${wrong}`);
  }
  const lacksVenv = seen.some((line) => line.includes('venv'));
  throw new SetupFailure(`no Python ${OLDEST_PYTHON}–${NEWEST_PYTHON} that can make environments (${seen.join('; ') || (chosen ? `NEEDLEWORK_PYTHON: ${chosen} not found` : 'none on PATH')})`, {
    advice: `${lacksVenv ? 'on Debian or Ubuntu: apt install python3-venv; else ' : ''}install Python ${OLDEST_PYTHON} or newer, or set NEEDLEWORK_PYTHON to one; then run this again`,
  });
}

/**
 * What is wrong with a Python, or null. Pure.
 * @param {{ version: string, implementation: string, venv: boolean } | null} found null where it did not run
 */
export function whyNot(found) {
  if (!found) return 'does not run';
  if (!within(found.version, { oldest: OLDEST_PYTHON, newest: NEWEST_PYTHON })) return `is ${found.version}`;
  if (found.implementation !== 'CPython') return `is ${found.implementation}`;
  if (!found.venv) return `(${found.version}) lacks the venv or ensurepip module`;
  return null;
}

function parse(answer) {
  try {
    return JSON.parse(answer);
  } catch {
    return null;
  }
}
