import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { '@chaguan/protocol': fileURLToPath(new URL('../protocol/index.ts', import.meta.url)) } },
  test: {
    include: ['tests/unit/**/*.test.ts', 'tests/lifecycle/**/*.test.ts', 'tests/property/**/*.test.ts'],
    testTimeout: 30_000,
  },
})
