// Two scripts: the runtime (framework, built-ins, wx) and the mini program's own code, kept apart so that the
// latter can be denied the browser's globals, as the real logic thread denies them.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import type { AppConfig } from '../program-config'
import type { ComponentUnit } from './components'
import { packageName, type Sources } from './sources'

/** Names that do not exist in a mini program's logic thread. */
const ABSENT = [
  'window',
  'document',
  'self',
  'top',
  'parent',
  'navigator',
  'location',
  'history',
  'localStorage',
  'sessionStorage',
  'indexedDB',
  'fetch',
  'XMLHttpRequest',
  'WebSocket',
  'EventSource',
  'FormData',
  'Blob',
  'File',
  'FileReader',
  'TextEncoder',
  'TextDecoder',
  'structuredClone',
  'crypto',
  'alert',
  'confirm',
  'prompt',
  'requestIdleCallback',
  'Worker',
  'SharedWorker',
  'BroadcastChannel',
  'MessageChannel',
  'Image',
  'Audio',
  'AudioContext',
  'Notification',
]
/** Timers go through the host, which freezes them while the program is suspended. */
const TIMERS = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval']

export interface BundleInput {
  sources: Sources
  app: AppConfig
  appCss: string
  units: { unit: ComponentUnit; css: string }[]
  templates: string
  outDir: string
  minify?: boolean | undefined
}

export async function bundleProgram(input: BundleInput): Promise<void> {
  const defines = Object.fromEntries([
    ...ABSENT.map((name) => [name, 'undefined'] as const),
    ...TIMERS.map((name) => [name, `__mpTimers.${name}`] as const),
    ['process.env.NODE_ENV', '"development"'] as const,
  ])
  await build({
    stdin: { contents: entryOf(input), resolveDir: input.sources.root, sourcefile: 'mini-program-entry.js' },
    bundle: true,
    outfile: path.join(input.outDir, 'program.js'),
    format: 'iife',
    target: 'es2018',
    charset: 'utf8',
    sourcemap: true,
    logLevel: 'silent',
    minify: input.minify ?? false,
    define: defines,
    // Definitions must run in the order the entry names them, inside their registration.
    treeShaking: false,
    plugins: [npmPlugin(input.sources)],
  })
}

export async function bundleRuntime(outDir: string, minify = false): Promise<void> {
  const home = path.dirname(fileURLToPath(import.meta.url))
  const packageRoot = home.endsWith(`${path.sep}dist`) ? path.dirname(home) : path.resolve(home, '../..')
  await build({
    entryPoints: [path.join(packageRoot, 'src/runtime/boot.ts')],
    bundle: true,
    outfile: path.join(outDir, 'runtime.js'),
    format: 'iife',
    target: 'es2020',
    charset: 'utf8',
    sourcemap: true,
    logLevel: 'silent',
    minify,
    define: { 'process.env.NODE_ENV': '"production"' },
  })
}

function entryOf({ sources, app, appCss, units, templates }: BundleInput): string {
  const script = sources.script('app')
  const lines = [
    `__mp.configure(${JSON.stringify({ app, css: appCss })})`,
    `const templates = ${templates}`,
    script ? `require(${JSON.stringify(sources.at(script))})` : 'App({})',
    ...units.map(({ unit, css }) => {
      const { path: base, json, isPage, scope } = unit
      const registration = JSON.stringify({ path: base, json, isPage, scope, css })
      return `__mp.register(${registration}, templates, () => require(${JSON.stringify(sources.at(unit.script))}))`
    }),
    '__mp.start()',
  ]
  return lines.join('\n')
}

/** The mapped or installed package, then `miniprogram_npm` of each folder above: packages bring their own that way. */
function packageHomes(sources: Sources, name: string, from: string): string[] {
  const homes: string[] = []
  const own = sources.packageDirectory(name)
  if (own) homes.push(own)
  for (let dir = from; dir !== path.dirname(dir); dir = path.dirname(dir)) {
    const home = path.join(dir, 'miniprogram_npm', name)
    if (fs.existsSync(home)) homes.push(home)
  }
  return homes
}

/** Bare imports resolve as 构建 npm lays them out; a package without a mini-program build resolves as in Node. */
function npmPlugin(sources: Sources): Plugin {
  return {
    name: 'miniprogram-npm',
    setup(context) {
      context.onResolve({ filter: /^[^./]/ }, async (args) => {
        if (args.pluginData === 'node' || path.isAbsolute(args.path)) return undefined
        const name = packageName(args.path)
        const inside = args.path.slice(name.length)
        for (const home of packageHomes(sources, name, args.resolveDir)) {
          const found = await context.resolve(`.${inside || '/index'}`, {
            resolveDir: home,
            kind: args.kind,
            pluginData: 'node',
          })
          if (found.errors.length === 0) return found
        }
        return context.resolve(args.path, { resolveDir: args.resolveDir, kind: args.kind, pluginData: 'node' })
      })
    },
  }
}
