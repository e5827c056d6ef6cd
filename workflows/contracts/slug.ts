import { z } from 'zod';

/** Names that go into ids, file names and addresses. */
export const slug = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, 'must be lower-case letters, digits, dots and hyphens (at most 63)');

/** Seed of a pseudo-random choice. */
export const Seed = z.int().min(0).max(2 ** 31 - 1);
