import { defineConfig } from 'vitest/config';

/** `npm test` runs two at once, which must not write to the same files. */
const cache = `.needlework/${process.env.NEEDLEWORK_VITEST_CACHE ?? 'vitest'}`;

export default defineConfig({
  // node_modules may be a link into a cache that other clones share, so nothing is written there.
  cacheDir: cache,
  test: {
    globalSetup: ['test/support/run-folder.ts'],
    include: ['test/**/*.test.{ts,mjs}'],
    fsModuleCachePath: `${cache}-modules`,
    // Those of test/container build an image first: npm run test:container.
    exclude: ['**/node_modules/**', '.needlework/**', 'test/container/**'],
    // Real servers and trainers on as few as two cores: one file at a time, and patience.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
