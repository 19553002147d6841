import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { '@chaguan/protocol': fileURLToPath(new URL('../protocol/index.ts', import.meta.url)) } },
  test: { include: ['tests/{unit,lifecycle,property,conformance}/**/*.test.ts'], testTimeout: 30_000 },
})
