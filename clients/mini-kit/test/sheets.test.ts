// WeChat's own style compiler over every sheet, where it runs on this machine.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

const source = path.join(import.meta.dirname, '../src')
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'wcsc-'))
afterAll(() => fs.rmSync(scratch, { recursive: true }))

/** npm does not keep the executable bit: a copy is run. */
function compiler(): string {
  const home = path.dirname(createRequire(import.meta.url).resolve('miniprogram-compiler/package.json'))
  const copy = path.join(scratch, 'wcsc')
  fs.copyFileSync(path.join(home, 'bin', process.platform === 'darwin' ? 'mac' : 'linux', 'wcsc'), copy)
  fs.chmodSync(copy, 0o755)
  return copy
}

const wcsc = compiler()
const runs = !spawnSync(wcsc, ['-h']).error
const compile = (cwd: string, files: string[]) =>
  spawnSync(wcsc, ['-pc', '1', ...files], { cwd, encoding: 'utf8', maxBuffer: 16 << 20 })

describe.skipIf(!runs)('the style compiler of the vendor', () => {
  const sheets = fs.readdirSync(path.join(source, 'components')).map((name) => `components/${name}/index.wxss`)
  const shared = fs.readdirSync(path.join(source, 'styles')).map((name) => `styles/${name}`)

  test.each(sheets)('takes %s with all that it imports', (sheet) => {
    const { status, stderr } = compile(source, [sheet, ...shared])
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })

  test('refuses what is broken', () => {
    fs.writeFileSync(path.join(scratch, 'bad.wxss'), '.a { color: red } } .b {')
    expect(compile(scratch, ['bad.wxss']).status).not.toBe(0)
  })
})
