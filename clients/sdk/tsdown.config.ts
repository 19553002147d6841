import { fileURLToPath } from 'node:url'
import { defineConfig } from 'tsdown'

export default defineConfig([
  {
    entry: { index: 'src/index.ts', testing: 'src/testing/index.ts' },
    format: ['esm', 'cjs'],
    target: 'es2020',
    platform: 'neutral',
    dts: { eager: true },
    fixedExtension: true,
    alias: { '@chaguan/protocol': fileURLToPath(new URL('../protocol/index.ts', import.meta.url)) },
    outDir: 'dist',
  },
])
