// Builds everything the server hands out: the console, the widget, the phone (the tea shop in the harness) and the demo page.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync } from 'node:fs'
import path from 'node:path'

const here = import.meta.dirname
const web = process.env.CHAGUAN_WEB_DIR ?? path.join(here, '../src/chaguan/web')
mkdirSync(web, { recursive: true })

const run = (...command) => execFileSync(command[0], command.slice(1), { cwd: here, stdio: 'inherit' })
for (const workspace of ['sdk', 'mini-kit', 'mini-desk', 'mini-harness', 'doctor', 'console', 'widget'])
  run('npm', 'run', 'build', '-w', workspace)

run(
  process.execPath,
  'mini-harness/bin/mini-harness.js',
  'build',
  '../examples/tea-shop',
  path.join(web, 'phone'),
  '--npm',
  `@chaguan/mini-kit=${path.join(here, 'mini-kit/src')}`,
  '--npm',
  `@chaguan/mini-desk=${path.join(here, 'mini-desk/miniprogram_dist')}`,
  '--npm',
  `@chaguan/sdk=${path.join(here, 'sdk/miniprogram_dist')}`,
  '--minify',
)
cpSync(path.join(here, 'demo'), path.join(web, 'demo'), { recursive: true })
