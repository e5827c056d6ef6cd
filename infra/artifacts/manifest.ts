import { z } from 'zod';

/** One file of an artifact. */
export const ManifestFile = z.strictObject({
  /** Name inside the artifact, with `/` between folders. */
  name: z.string().min(1),
  /** Object key of its bytes. */
  object: z.string().min(1),
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ManifestFile = z.infer<typeof ManifestFile>;

/** Another artifact that went into one, as it was then. */
export const MadeFrom = z.strictObject({
  kind: z.string().min(1),
  key: z.string().regex(/^[0-9a-f]{64}$/),
  /** Hash of its contents, as its maker takes it. */
  content: z.string().min(1),
});
export type MadeFrom = z.infer<typeof MadeFrom>;

/**
 * The manifest of an artifact, written last: an artifact exists if and only if its manifest does.
 * `recipe`, `summary`, `measurements`, `madeFrom` and `forced` belong to whoever made the artifact; the store only carries them.
 */
export const Manifest = z.strictObject({
  schemaVersion: z.literal(1),
  kind: z.string().min(1),
  key: z.string().regex(/^[0-9a-f]{64}$/),
  /** Everything that determined the artifact, its inputs included. */
  recipe: z.json(),
  files: z.array(ManifestFile),
  /** Small facts about the content. */
  summary: z.record(z.string(), z.json()),
  /** What making it took (seconds, memory, tokens per second): differs from run to run, so it is no part of any file. */
  measurements: z.record(z.string(), z.json()),
  /** Versions of the programs that made it. */
  versions: z.record(z.string(), z.string()),
  /** The artifacts that were read for it. Left out by makers that did not note them. */
  madeFrom: z.array(MadeFrom).optional(),
  /** Labels of the occasions on which someone had it made anew, though it was there. */
  forced: z.array(z.string()).optional(),
  /** When it was committed, ISO 8601. */
  committedAt: z.iso.datetime(),
});
export type Manifest = z.infer<typeof Manifest>;
