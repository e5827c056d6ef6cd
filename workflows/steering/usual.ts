/** How a sweep is steered of which nothing was said; pure. */
import { USUAL_PRIORITY } from '../contracts/run.ts';
import type { Steering } from '../contracts/steering.ts';
import { LIMITS } from '../policies.ts';

export const USUAL_STEERING: Steering = { paused: false, onFailure: 'park', priority: USUAL_PRIORITY, priorities: {}, concurrency: null, atOnce: LIMITS.atOnce };
