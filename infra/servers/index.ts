/** The embedded servers: Temporal and S3 on this machine, for `needlework up` and the tests. */
export { loadOrCreateCredentials, type Credentials } from './credentials.ts';
export { keepUp, type KeptUp } from './keep-up.ts';
export { anyFreePort, freePort } from './ports.ts';
export { registerSearchAttributes } from './search-attributes.ts';
export { S3_REGION, startS3, type S3Options, type S3Server } from './s3.ts';
export { PRIORITY_AND_FAIRNESS, startTemporal, type SearchAttributeType, type TemporalOptions, type TemporalServer } from './temporal.ts';
