import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/app-globals.ts'],
    environment: 'node',
    testTimeout: 20_000,
  },
})
