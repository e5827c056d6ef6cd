/** How long workers wait for what; the policies of activities are in workflows/policies.ts. */
import type { QueuePassLimits } from '#activities/stage/queue-pass.ts';

/**
 * Heartbeats reach the server at least this often while there is something new: people watch progress by them, and a
 * cancelled activity learns of it with the next one.
 */
export const MAX_HEARTBEAT_THROTTLE = '2s';

/** A worker that is asked to stop gives its running activities this long before it cancels them… */
const SHUTDOWN_GRACE = '1s';

/** …and the cancelled ones this long to end: a trainer gets 5 s between SIGTERM and SIGKILL. */
export const SHUTDOWN_FORCE = '15s';

/** The above, as every worker takes them. */
export const WORKER_TIMING = { maxHeartbeatThrottleInterval: MAX_HEARTBEAT_THROTTLE, shutdownGraceTime: SHUTDOWN_GRACE, shutdownForceTime: SHUTDOWN_FORCE } as const;

/**
 * How a trainer worker that has another base loaded looks through the queue. A pass takes no longer than what it may save, which is at least
 * one loading; where nobody else is there, a job is met again within a second or two.
 */
export const QUEUE_PASS: QueuePassLimits = { loadSeconds: 10, passMs: 10_000, againMs: 500, mostTimes: 3 };
