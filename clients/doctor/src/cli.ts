// chaguan-doctor: see `chaguan-doctor --help`.
import { parseArgs } from 'node:util'
import { version } from '../package.json'
import { counts, examine } from './examine'
import { NoProject, readProject } from './project'
import { asJson, asText } from './report'
import { languageOf, phrase, type Language } from './texts/index'

const OPTIONS = {
  release: { type: 'boolean', default: false },
  domain: { type: 'string', multiple: true, default: [] as string[] },
  json: { type: 'boolean', default: false },
  lang: { type: 'string', default: '' },
  help: { type: 'boolean', default: false },
  version: { type: 'boolean', default: false },
} as const

function chosenLanguage(asked: string): Language {
  if (!asked) return languageOf(process.env)
  return languageOf({ LANG: asked })
}

/** Prints, and returns the exit code. */
function main(): number {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true })
  const language = chosenLanguage(values.lang)
  if (values.help || values.version) {
    console.log(values.help ? phrase(language, 'help') : version)
    return 0
  }
  const folder = positionals[0] ?? '.'
  try {
    const { release, domain: domains } = values
    const findings = examine(readProject(folder), { release, domains: [...domains] })
    const colours = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR
    console.log(values.json ? asJson(findings, language, release) : asText(findings, language, colours))
    return counts(findings).error ? 1 : 0
  } catch (error) {
    if (!(error instanceof NoProject)) throw error
    console.error(phrase(language, 'noProject', { folder: error.message }))
    return 2
  }
}

try {
  process.exitCode = main()
} catch (error) {
  // parseArgs tells what it does not know; anything else is a fault of ours and shows where.
  const { code, message, stack } = error as NodeJS.ErrnoException
  console.error(code?.startsWith('ERR_PARSE_ARGS') ? message : stack)
  process.exitCode = 2
}
