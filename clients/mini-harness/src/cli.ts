// mini-harness build|check|serve: see `mini-harness --help`.
import { parseArgs } from 'node:util'
import {
  buildMiniProgram,
  BuildError,
  checkTemplates,
  serve,
  watchMiniProgram,
  type BuildOptions,
  type BuildResult,
} from './build/index'

const HELP = `mini-harness build <miniprogram-root> <out-dir> [--npm name=dir]… [--config JSON] [--minify] [--watch]
mini-harness check <miniprogram-root> [--npm name=dir]…      compile every wxml with WeChat's wcc
mini-harness serve <out-dir> [--port N]                      show a built mini program on 127.0.0.1`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    npm: { type: 'string', multiple: true, default: [] },
    config: { type: 'string', default: '{}' },
    port: { type: 'string', default: '0' },
    minify: { type: 'boolean', default: false },
    watch: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

function npmOption(): Record<string, string> {
  return Object.fromEntries(
    values.npm.map((pair) => {
      const [name, dir] = pair.split('=', 2)
      if (!name || !dir) throw new BuildError(`--npm ${pair}: expected name=dir`)
      return [name, dir]
    }),
  )
}

function describe(result: BuildResult): void {
  for (const warning of result.warnings) console.warn(`warning: ${warning}`)
  console.log(`built ${result.pages.length} pages, ${result.components.length} components in ${result.milliseconds} ms`)
}

async function build(root: string, outDir: string): Promise<void> {
  const config = JSON.parse(values.config) as Record<string, unknown>
  const options: BuildOptions = { root, outDir, npm: npmOption(), minify: values.minify, config }
  if (!values.watch) return describe(await buildMiniProgram(options))
  await watchMiniProgram(options, { onBuilt: describe, onFailed: (error) => console.error(explain(error)) })
}

function check(root: string): void {
  const result = checkTemplates(root, { npm: npmOption() })
  if (!result.available) console.warn('wcc is not available here (npm package miniprogram-compiler): nothing checked')
  for (const problem of result.problems) console.error(problem)
  if (result.available) console.log(`wcc: ${result.files} templates, ${result.problems.length} problems`)
  if (result.problems.length) process.exitCode = 1
}

function explain(error: unknown): string {
  if (error instanceof BuildError) return error.message
  const errors = (error as { errors?: { text: string; location?: { file: string; line: number } | null }[] }).errors
  if (Array.isArray(errors))
    return errors.map(({ text, location }) => `${location?.file ?? ''}:${location?.line ?? ''}: ${text}`).join('\n')
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

async function main(): Promise<void> {
  const [command, first, second] = positionals
  if (command === 'build' && first && second) return build(first, second)
  if (command === 'check' && first) return check(first)
  if (command === 'serve' && first) return console.log((await serve(first, Number(values.port))).url)
  console.log(HELP)
  if (!values.help) process.exitCode = 2
}

main().catch((error: unknown) => {
  console.error(explain(error))
  process.exitCode = 1
})
