import { defineConfig } from 'vitest/config'

// Drives the built console in Chromium against the small server in test/e2e; `npm run build` comes first.
export default defineConfig({
  test: { include: ['test/e2e/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false },
})
