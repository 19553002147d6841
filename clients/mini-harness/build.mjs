// Bundles the build half and the command line; the runtime stays source, esbuild bundles it with each mini program.
import { build } from 'esbuild'

await build({
  entryPoints: { index: 'src/build/index.ts', cli: 'src/cli.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
})
