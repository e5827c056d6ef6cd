/** Version numbers as tools print them. Pure functions. */

/**
 * The numbers of the first version in a text: `go version go1.26.8 linux/amd64` → [1, 26, 8].
 * @param {string} text
 * @returns {number[] | null} null where the text holds none.
 */
export function parseVersion(text) {
  const match = /(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text);
  return match ? match.slice(1).filter((part) => part !== undefined).map(Number) : null;
}

/**
 * Orders two versions; missing parts count as 0, so 3.10 equals 3.10.0.
 * @param {string} a
 * @param {string} b
 * @returns {number} negative, zero or positive.
 */
export function compareVersions(a, b) {
  const [left, right] = [parseVersion(a) ?? [], parseVersion(b) ?? []];
  for (let i = 0; i < 3; i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Whether a version lies between two, both included; `newest` is compared only to the depth it is written in,
 * so 3.14.2 is within 3.10–3.14.
 * @param {string} version
 * @param {{ oldest: string, newest?: string }} range
 */
export function within(version, { oldest, newest }) {
  if (compareVersions(version, oldest) < 0) return false;
  if (newest === undefined) return true;
  const depth = newest.split('.').length;
  return compareVersions((parseVersion(version) ?? []).slice(0, depth).join('.'), newest) <= 0;
}

/**
 * The oldest version that an `engines` range such as ">=24" allows. Only this form is used here.
 * @param {string} range
 */
export function oldestOf(range) {
  const match = /^>=\s*(\d+(?:\.\d+){0,2})$/.exec(range.trim());
  if (!match) throw new Error(`package.json, engines.node: found "${range}", but only the form ">=24" is understood`);
  return match[1];
}
