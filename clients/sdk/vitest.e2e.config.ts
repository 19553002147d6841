import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Against a running deployment that the environment names; tests/e2e/test_sdk.py starts one and says so.
export default defineConfig({
  resolve: { alias: { '@chaguan/protocol': fileURLToPath(new URL('../protocol/index.ts', import.meta.url)) } },
  test: { include: ['tests/e2e/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false },
})
