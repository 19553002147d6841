import { fileURLToPath } from 'node:url'
import { defineConfig } from 'tsdown'

/** Each is an entry point of its own: who does not import it does not ship it. */
const modules = [
  'answers',
  'desk',
  'forward',
  'groups',
  'notes',
  'people',
  'presence',
  'replies',
  'search',
  'service',
  'staff',
  'texts',
  'token',
]
const hosts = ['alipay', 'douyin', 'uni']

export default defineConfig([
  {
    entry: {
      index: 'src/index.ts',
      testing: 'src/testing/index.ts',
      ticker: 'src/ticker.ts',
      ...Object.fromEntries(modules.map((name) => [name, `src/modules/${name}.ts`])),
      ...Object.fromEntries(hosts.map((name) => [name, `src/adapters/${name}.ts`])),
    },
    format: ['esm', 'cjs'],
    target: 'es2020',
    platform: 'neutral',
    dts: { eager: true },
    fixedExtension: true,
    alias: { '@chaguan/protocol': fileURLToPath(new URL('../protocol/index.ts', import.meta.url)) },
    outDir: 'dist',
  },
])
