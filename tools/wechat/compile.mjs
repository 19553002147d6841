// `node compile.mjs TOOLS PROGRAM NPM ANSWER`: 构建 npm into the folder NPM of PROGRAM, then all that uploading would
// compile. Writes {files: [[name, bytes]], warnings} to ANSWER; what does not compile ends it with the compiler's words.
// A process for each program: the package keeps what it has read of the last one.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { answerForServers } from './servers.mjs'

const [tools, program, npm, answer] = process.argv.slice(2)
const require = createRequire(path.join(path.resolve(tools), 'package.json'))
const ci = require('miniprogram-ci')
const answered = answerForServers(ci, require)
const warnings = []

/** 构建 npm makes packages wherever a package.json lies: of the program, and of a sub-package that has its own. */
function places() {
  const app = JSON.parse(fs.readFileSync(path.join(program, 'app.json'), 'utf8'))
  const roots = (app.subPackages ?? []).map(({ root }) => root)
  const own = roots.filter((root) => fs.existsSync(path.join(program, root, 'package.json')))
  return [{ asked: '', made: npm }, ...own.map((root) => ({ asked: root, made: root }))]
}

async function pack({ asked, made }) {
  const packageJsonPath = path.join(program, asked, 'package.json')
  const { miniProgramPackNum, warnList } = await ci.packNpmManually({
    packageJsonPath,
    miniprogramNpmDistDir: path.join(program, made),
  })
  const wanted = Object.keys(JSON.parse(fs.readFileSync(packageJsonPath, 'utf8')).dependencies)
  if (miniProgramPackNum !== wanted.length)
    warnings.push(`构建 npm made ${miniProgramPackNum} packages of ${wanted.join(', ')}`)
  warnings.push(...warnList.map((warning) => `构建 npm: ${warning.msg ?? JSON.stringify(warning)}`))
}

function open() {
  // The package wants a key, and would use it for uploading alone.
  const key = path.join(path.dirname(answer), 'no-key')
  fs.writeFileSync(key, 'Nothing is uploaded.\n')
  const { appid } = JSON.parse(fs.readFileSync(path.join(program, 'project.config.json'), 'utf8'))
  return answered(
    new ci.Project({
      appid,
      type: 'miniProgram',
      projectPath: program,
      privateKeyPath: key,
      ignores: ['node_modules/**/*', 'staff/node_modules/**/*'],
    }),
  )
}

/** How it tells of its own workers, as if that were a warning. */
const TRACES = /^\[summer-compiler\] forkProcess|^serialize /

/** What it only prints is a complaint as well. */
function listen() {
  for (const word of ['log', 'warn', 'error']) {
    console[word] = (...said) => {
      const text = said.join(' ').replace(/\u001b\[\d+m/g, '')
      if (TRACES.test(text)) return
      if (word !== 'log' || /^\[(warn|error)\]/.test(text)) warnings.push(text)
    }
  }
}

/** Templates and styles name their file in a field alone. */
const inWords = ({ path: file, message }) => (file && !message.includes(file) ? `${file}: ${message}` : message)

listen()
try {
  for (const place of places()) await pack(place)
  const made = await ci.getCompiledResult({
    project: open(),
    version: '1.0.0',
    setting: { useProjectConfig: true, es6: true, minify: true },
    onProgressUpdate: ({ status, message }) => status === 'warn' && warnings.push(message),
  })
  const files = Object.entries(made).map(([name, content]) => [name, Buffer.byteLength(content)])
  fs.writeFileSync(answer, JSON.stringify({ files, warnings: [...new Set(warnings)] }))
  // Its own workers would keep it alive.
  process.exit(0)
} catch (error) {
  const errors = Array.isArray(error) ? error : [error]
  process.stderr.write(`${errors.map(inWords).join('\n')}\n`)
  process.exit(1)
}
