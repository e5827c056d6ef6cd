/**
 * The set-up as a whole. Steps run at the same time and ask for one another with `need`, so Go is fetched only where
 * something is to be built with it.
 */
import { mkdirSync } from 'node:fs';
import { Blocked, SetupFailure } from './failure.mjs';
import { go } from './steps/go.mjs';
import { node } from './steps/node.mjs';
import { packages } from './steps/packages.mjs';
import { python } from './steps/python.mjs';
import { temporal } from './steps/temporal.mjs';
import { versitygw } from './steps/versitygw.mjs';

const STEPS = { node, packages, go, temporal, versitygw, python };

/**
 * Runs steps and whatever they need.
 * @param {string[]} names of steps
 * @param {{ root: string, cache: string, printer: ReturnType<import('./print.mjs').createPrinter> }} context
 * @returns {Promise<Record<string, any> | null>} what each step found or made, by its name; null where one failed
 *   (which has been printed).
 */
export async function setUp(names, { root, cache, printer }) {
  try {
    mkdirSync(cache, { recursive: true });
  } catch (error) {
    printer.failed('Cache folder', new SetupFailure(`cannot create ${cache} (${error.code})`, {
      advice: 'set NEEDLEWORK_CACHE to a folder that you may write to, with about 8 GB free',
    }));
    return null;
  }
  /** @type {Map<string, Promise<any>>} */
  const started = new Map();
  const need = (name) => {
    if (!started.has(name)) started.set(name, run(name));
    return started.get(name);
  };
  const run = async (name) => {
    const { label, run: step } = STEPS[name];
    const context = {
      root,
      cache,
      begins: () => printer.begins(label),
      waits: (holder) => printer.waits(label, holder),
      need: (other) => need(other).catch(() => {
        throw new Blocked(`needs ${STEPS[other].label}, which failed`);
      }),
    };
    try {
      const result = await step(context);
      printer.done(label, result.note);
      return result;
    } catch (error) {
      printer.failed(label, error);
      throw error;
    }
  };
  await Promise.allSettled(names.map(need));
  const results = await Promise.allSettled([...started].map(async ([name, result]) => [name, await result]));
  if (results.some(({ status }) => status === 'rejected')) return null;
  return Object.fromEntries(results.map(({ value }) => value));
}
