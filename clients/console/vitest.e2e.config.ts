import { fileURLToPath, URL } from 'node:url'
import { defineConfig } from 'vitest/config'

// Drives the built console in Chromium against the small server in test/e2e; `npm run build` comes first.
export default defineConfig({
  resolve: {
    alias: {
      '@chaguan/sdk/testing': fileURLToPath(new URL('../sdk/src/testing/index.ts', import.meta.url)),
      '@chaguan/sdk': fileURLToPath(new URL('../sdk/src/index.ts', import.meta.url)),
    },
  },
  test: {
    environment: 'node',
    include: ['test/e2e/**/*.test.ts'],
    testTimeout: 90_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
})
