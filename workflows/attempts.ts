/**
 * The attempt of an activity at which a failure counts as final, by what failed. Apart from policies.ts, since activities
 * read it too. A job that crashed its trainer may have cost hours; a server that cannot be reached may be back in minutes.
 */
export const LAST_ATTEMPT = { trainer: 5, other: 15 } as const;
