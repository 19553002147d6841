import vue from '@vitejs/plugin-vue'
import { fileURLToPath, URL } from 'node:url'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import components from 'unplugin-vue-components/vite'
import { defineConfig } from 'vite'

// The server hands the built files out under /console/; in development it is proxied to a running one.
const server = process.env['CHAGUAN_SERVER'] ?? 'http://127.0.0.1:8080'

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))

export default defineConfig({
  base: '/console/',
  plugins: [
    vue(),
    components({
      dirs: [],
      dts: 'src/components.d.ts',
      resolvers: [ElementPlusResolver({ importStyle: 'css' })],
    }),
  ],
  resolve: {
    // The SDK from its sources, so that the console builds on a fresh clone whatever was built before.
    alias: [
      { find: '@', replacement: file('./src') },
      { find: /^@chaguan\/sdk$/, replacement: file('../sdk/src/index.ts') },
      { find: '@chaguan/sdk/testing', replacement: file('../sdk/src/testing/index.ts') },
      { find: /^@chaguan\/sdk\/(\w+)$/, replacement: file('../sdk/src/modules/$1.ts') },
    ],
  },
  define: { __VUE_OPTIONS_API__: 'true', __INTLIFY_PROD_DEVTOOLS__: 'false' },
  build: {
    outDir: '../../src/chaguan/web/console',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: 'es2022',
  },
  server: { proxy: { '/v1': { target: server, ws: true }, '/health': server } },
})
