import { defineConfig } from 'vitest/config';

/** Apart from `npm test`, which needs no container engine. */
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  cacheDir: '.needlework/vitest',
  test: {
    include: ['test/container/**/*.test.ts'],
    fsModuleCachePath: '.needlework/vitest-modules',
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
