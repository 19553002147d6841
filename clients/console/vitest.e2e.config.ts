import { fileURLToPath, URL } from 'node:url'
import { defineConfig } from 'vitest/config'

// Drives the built console in Chromium against the small server in test/e2e; `npm run build` comes first.
export default defineConfig({
  resolve: {
    alias: {
      '@chaguan/sdk/desk': fileURLToPath(new URL('../sdk/src/modules/desk.ts', import.meta.url)),
      '@chaguan/sdk/groups': fileURLToPath(new URL('../sdk/src/modules/groups.ts', import.meta.url)),
      '@chaguan/sdk/people': fileURLToPath(new URL('../sdk/src/modules/people.ts', import.meta.url)),
      '@chaguan/sdk/presence': fileURLToPath(new URL('../sdk/src/modules/presence.ts', import.meta.url)),
      '@chaguan/sdk/search': fileURLToPath(new URL('../sdk/src/modules/search.ts', import.meta.url)),
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
