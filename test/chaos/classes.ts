/** What can go wrong. */
export const CLASSES = [
  /** kill -9 of the worker that runs the workflows; it is started again. */
  'light-worker',
  /** kill -9 of a worker that runs trainer jobs; it is started again. */
  'trainer-worker',
  /** kill -9 of a trainer process while it does a job. */
  'trainer',
  /** kill -9 of the S3 server; it is started again on its folder. */
  's3',
  /** kill -9 of the Temporal server; it is started again on its database file. */
  'temporal',
  /** All connections to one of the servers are reset, and none is taken for a while. */
  'drop',
  /** Everything to and from one of the servers is late for a while. */
  'delay',
  /** The disk of a worker is full for a while. */
  'disk',
  /** An artifact in S3 is damaged, and all workers go on on machines that have no copy of it. */
  'corrupt',
  /** The LLM endpoint answers with 429, 500, or not at all for a while. */
  'llm',
] as const;
export type FaultClass = (typeof CLASSES)[number];
