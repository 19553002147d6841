// WeChat's own template compiler over every wxml, as a strict gate: it refuses what the harness tolerates.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { readAppConfig } from './app-config'
import { collectComponents, type ComponentUnit } from './components'
import { Sources, type SourceOptions } from './sources'

export interface CheckResult {
  /** False when the compiler is not installed or does not run on this machine. */
  available: boolean
  files: number
  problems: string[]
}

/** Compiles each reachable template with wcc. Every problem is one line "file: message". */
export function checkTemplates(root: string, options: SourceOptions = {}): CheckResult {
  const sources = new Sources(root, options)
  const units = collectComponents(sources, readAppConfig(sources))
  const wcc = copyCompiler()
  if (!wcc) return { available: false, files: 0, problems: [] }
  const stage = fs.mkdtempSync(path.join(os.tmpdir(), 'wcc-'))
  try {
    const files = stageSources(sources, stage)
    return {
      available: true,
      files: units.length,
      problems: units.flatMap((unit) => compileOne(wcc, stage, unit, files)),
    }
  } finally {
    fs.rmSync(stage, { recursive: true })
    fs.rmSync(path.dirname(wcc), { recursive: true })
  }
}

/** npm does not keep the executable bit, and the installed package may be read-only: run a copy. */
function copyCompiler(): string | undefined {
  const folder = { linux: 'linux/wcc', darwin: 'mac/wcc', win32: 'windows/wcc.exe' }[process.platform as string]
  if (!folder) return undefined
  try {
    const home = path.dirname(createRequire(import.meta.url).resolve('miniprogram-compiler/package.json'))
    const copy = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'wcc-bin-')), path.basename(folder))
    fs.copyFileSync(path.join(home, 'bin', folder), copy)
    fs.chmodSync(copy, 0o755)
    return spawnSync(copy, ['-v']).error ? undefined : copy
  } catch {
    return undefined
  }
}

function stageSources(sources: Sources, stage: string): string[] {
  const files = sources.files().filter((file) => /\.(wxml|wxs)$/.test(file))
  for (const file of files) {
    const copy = path.join(stage, file)
    fs.mkdirSync(path.dirname(copy), { recursive: true })
    fs.copyFileSync(sources.at(file), copy)
  }
  return files
}

function compileOne(wcc: string, stage: string, unit: ComponentUnit, files: string[]): string[] {
  const template = `${unit.path}.wxml`
  const { usingComponents = {}, componentGenerics = {} } = unit.json
  const tags = [...Object.keys(usingComponents), ...Object.keys(componentGenerics)]
  const componentArguments = tags.length ? ['1', template, String(tags.length), ...tags] : ['0']
  // Templates it imports must be on the command line too; naming all costs nothing.
  const others = files.filter((file) => file !== template)
  const run = spawnSync(wcc, ['-d', '-cc', componentArguments.join(' '), template, ...others, '-gn', '$gwx'], {
    cwd: stage,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  if (run.status === 0) return []
  const message = (run.stderr || run.stdout || `exit ${run.status}`).trim()
  return [message.includes(template) ? message : `${template}: ${message}`]
}
