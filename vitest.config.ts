import { defineConfig } from 'vitest/config';

export default defineConfig({
  // node_modules may be a link into a cache that other clones share, so nothing is written there.
  cacheDir: '.needlework/vite',
  test: {
    include: ['test/**/*.test.{ts,mjs}'],
    fsModuleCachePath: '.needlework/vitest-modules',
    exclude: ['**/node_modules/**', '.needlework/**'],
    // Real servers and trainers on as few as two cores: one file at a time, and patience.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
