// How the widget's sources become one script; the tests in a browser make theirs in the same way.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { build, transform } from 'esbuild'

const here = path.dirname(import.meta.dirname)

/** A style sheet as a minified string: it becomes a constructed sheet, which no policy of the page forbids. */
const sheets = {
  name: 'sheets',
  setup(steps) {
    steps.onLoad({ filter: /\.css$/ }, async ({ path: file }) => {
      const { code } = await transform(readFileSync(file, 'utf8'), {
        loader: 'css',
        minify: true,
        target: 'safari16.4',
      })
      return { contents: code.trim(), loader: 'text' }
    })
  },
}

/** Answers with the bytes of the script. */
export async function bundle(entry) {
  const { outputFiles } = await build({
    entryPoints: [path.join(here, entry)],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    target: 'es2020',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [sheets],
    // From their sources, so that the widget builds on a fresh clone whatever was built before.
    alias: {
      '@chaguan/console/recorder': path.join(here, '../console/src/components/chat/recorder.ts'),
      '@chaguan/mini-kit': path.join(here, '../mini-kit/src'),
      '@chaguan/sdk/answers': path.join(here, '../sdk/src/modules/answers.ts'),
      '@chaguan/sdk/forward': path.join(here, '../sdk/src/modules/forward.ts'),
      '@chaguan/sdk/service': path.join(here, '../sdk/src/modules/service.ts'),
      '@chaguan/sdk/texts': path.join(here, '../sdk/src/modules/texts.ts'),
      '@chaguan/sdk/token': path.join(here, '../sdk/src/modules/token.ts'),
      '@chaguan/sdk': path.join(here, '../sdk/src/index.ts'),
    },
  })
  return outputFiles[0].contents
}
