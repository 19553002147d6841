import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: {
    alias: {
      '@chaguan/console/recorder': source('../console/src/components/chat/recorder.ts'),
      '@chaguan/mini-kit': source('../mini-kit/src'),
      '@chaguan/sdk/answers': source('../sdk/src/modules/answers.ts'),
      '@chaguan/sdk/forward': source('../sdk/src/modules/forward.ts'),
      '@chaguan/sdk/service': source('../sdk/src/modules/service.ts'),
      '@chaguan/sdk/texts': source('../sdk/src/modules/texts.ts'),
      '@chaguan/sdk/token': source('../sdk/src/modules/token.ts'),
      '@chaguan/sdk': source('../sdk/src/index.ts'),
    },
  },
  test: { environment: 'jsdom', include: ['test/**/*.test.ts'], testTimeout: 20_000 },
})
