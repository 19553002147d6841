import vue from '@vitejs/plugin-vue'
import { fileURLToPath, URL } from 'node:url'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import components from 'unplugin-vue-components/vite'
import { defineConfig } from 'vite'

// The server hands the built files out under /console/; in development it is proxied to a running one.
const server = process.env['CHAGUAN_SERVER'] ?? 'http://127.0.0.1:8080'

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
    alias: {
      '@': fileURLToPath(new URL('./src', import.meta.url)),
      '@chaguan/sdk/desk': fileURLToPath(new URL('../sdk/src/modules/desk.ts', import.meta.url)),
      '@chaguan/sdk/groups': fileURLToPath(new URL('../sdk/src/modules/groups.ts', import.meta.url)),
      '@chaguan/sdk/people': fileURLToPath(new URL('../sdk/src/modules/people.ts', import.meta.url)),
      '@chaguan/sdk/presence': fileURLToPath(new URL('../sdk/src/modules/presence.ts', import.meta.url)),
      '@chaguan/sdk/search': fileURLToPath(new URL('../sdk/src/modules/search.ts', import.meta.url)),
      '@chaguan/sdk/testing': fileURLToPath(new URL('../sdk/src/testing/index.ts', import.meta.url)),
      // From its source, so that the console builds on a fresh clone whatever was built before.
      '@chaguan/sdk': fileURLToPath(new URL('../sdk/src/index.ts', import.meta.url)),
    },
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
