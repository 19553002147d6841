// One file without dependencies, so that `npx @chaguan/doctor` fetches nothing but itself.
import { build } from 'esbuild'

await build({
  entryPoints: ['src/cli.ts'],
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node18',
  charset: 'utf8',
  logLevel: 'warning',
})
