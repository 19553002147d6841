import { mergeConfig } from 'vite'
import { defineConfig } from 'vitest/config'
import vite from './vite.config.ts'

export default mergeConfig(
  vite,
  defineConfig({
    test: {
      environment: 'jsdom',
      include: ['test/unit/**/*.test.ts'],
      server: { deps: { inline: ['element-plus'] } },
    },
  }),
)
