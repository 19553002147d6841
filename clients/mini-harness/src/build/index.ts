// The programmatic API: build a mini program into a folder of static files, watch it, check it.
import fs from 'node:fs'
import path from 'node:path'
import { readAppConfig } from './app-config'
import { copyAssets } from './assets'
import { bundleProgram, bundleRuntime } from './bundle'
import { collectComponents } from './components'
import { writePage } from './host-page'
import { Sources } from './sources'
import { compileStyle } from './styles'
import { compileTemplates } from './templates'

export { checkTemplates, type CheckResult } from './check'
export { serve, type HarnessServer } from './serve'
export { BuildError, Sources } from './sources'
export { watchMiniProgram } from './watch'

export interface BuildOptions {
  /** Directory with app.json. */
  root: string
  /** Where the static files go; created when absent. */
  outDir: string
  /** npm package name → directory with its mini-program sources. */
  npm?: Record<string, string>
  minify?: boolean
  /** Becomes `window.__harness.config` before the program starts (`ext` is what wx.getExtConfigSync returns). */
  config?: Record<string, unknown>
}

export interface BuildResult {
  pages: string[]
  components: string[]
  warnings: string[]
  /** Directories the sources came from. */
  directories: string[]
  milliseconds: number
}

/** Builds `index.html`, `runtime.js`, `program.js` and `assets/` into `outDir`. Throws BuildError with file and line. */
export async function buildMiniProgram(options: BuildOptions): Promise<BuildResult> {
  const started = performance.now()
  const sources = new Sources(options.root, options.npm ? { npm: options.npm } : {})
  const app = readAppConfig(sources)
  const collected = collectComponents(sources, app)
  const templates = compileTemplates(
    sources,
    collected.map((unit) => unit.path),
  )
  const units = collected.map((unit) => ({
    unit,
    css: compileStyle(sources, `${unit.path}.wxss`, { scope: unit.scope, page: unit.isPage ? unit.path : undefined }),
  }))
  const outDir = path.resolve(options.outDir)
  fs.mkdirSync(outDir, { recursive: true })
  const appCss = compileStyle(sources, 'app.wxss', {})
  await Promise.all([
    bundleRuntime(outDir, options.minify),
    bundleProgram({ sources, app, appCss, units, templates: templates.code, outDir, minify: options.minify }),
  ])
  copyAssets(sources, path.join(outDir, 'assets'))
  writePage(outDir, app, options.config ?? {})
  return {
    pages: collected
      .filter((unit) => unit.isPage)
      .map((unit) => unit.path)
      .reverse(),
    components: collected
      .filter((unit) => !unit.isPage)
      .map((unit) => unit.path)
      .reverse(),
    warnings: templates.warnings,
    directories: sources.directories(),
    milliseconds: Math.round(performance.now() - started),
  }
}
