/** How long workers wait for what; the policies of activities are in workflows/policies.ts. */

/**
 * Heartbeats reach the server at least this often while there is something new: people watch progress by them, and a
 * cancelled activity learns of it with the next one.
 */
export const MAX_HEARTBEAT_THROTTLE = '2s';

/** A worker that is asked to stop gives its running activities this long before it cancels them… */
const SHUTDOWN_GRACE = '1s';

/** …and the cancelled ones this long to end: a trainer gets 5 s between SIGTERM and SIGKILL. */
const SHUTDOWN_FORCE = '15s';

/** The above, as every worker takes them. */
export const WORKER_TIMING = { maxHeartbeatThrottleInterval: MAX_HEARTBEAT_THROTTLE, shutdownGraceTime: SHUTDOWN_GRACE, shutdownForceTime: SHUTDOWN_FORCE } as const;
