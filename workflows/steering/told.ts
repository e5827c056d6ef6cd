/** What the UI says of how a sweep is steered; pure. */
import type { Steering } from '../contracts/steering.ts';
import { USUAL_STEERING } from './usual.ts';

/** Units of one priority that are named. */
const MOST_NAMES = 5;

/** Where anything is not as usual, what that is; else null. */
export function steeringText({ paused, onFailure, priority, priorities, concurrency, atOnce }: Steering): string | null {
  const own = [...Map.groupBy(Object.entries(priorities), ([, key]) => key)].sort(([a], [b]) => a - b);
  const said = [
    ...(paused ? ['nothing begins'] : []),
    ...(onFailure === USUAL_STEERING.onFailure ? [] : ['what fails is given up']),
    ...(priority === USUAL_STEERING.priority ? [] : [`priority ${priority}`]),
    ...own.map(([key, of]) => `priority ${key} of ${named(of.map(([id]) => id))}`),
    ...(concurrency === USUAL_STEERING.concurrency ? [] : [`at most ${atOnce} ${atOnce === 1 ? 'cell' : 'cells'} at once${concurrency === atOnce ? '' : ` (asked: ${concurrency})`}`]),
  ];
  return said.length === 0 ? null : said.join('; ');
}

function named(ids: readonly string[]): string {
  const more = ids.length - MOST_NAMES;
  return `${ids.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
