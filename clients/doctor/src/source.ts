/** Reading of scripts and templates without a compiler: comments blanked, so that every offset keeps its line. */

const blank = (text: string) => text.replace(/[^\n]/g, ' ')

/** After these a slash begins a regular expression, not a division. */
const BEFORE_REGEX = /(?:^|[=(,:;[!&|?{}+\-*%<>~^]|\b(?:return|typeof|case|in|of))\s*$/

/** The script with its comments as blanks. Strings stay, also those that look like comments (`'https://…'`). */
export function withoutComments(script: string): string {
  const out: string[] = []
  for (let at = 0; at < script.length;) {
    const end = endOfToken(script, at)
    const token = script.slice(at, end)
    out.push(/^\/[/*]/.test(token) ? blank(token) : token)
    at = end
  }
  return out.join('')
}

function endOfToken(script: string, at: number): number {
  const rest = script.slice(at, at + 2)
  if (rest === '//') return lineEnd(script, at)
  if (rest === '/*') return after(script, '*/', at + 2)
  const first = rest.charAt(0)
  if (first === '"' || first === "'") return endOfQuoted(script, at, first, true)
  if (first === '`') return endOfQuoted(script, at, first, false)
  if (first === '/')
    return BEFORE_REGEX.test(script.slice(Math.max(0, at - 20), at)) ? endOfQuoted(script, at, first, true) : at + 1
  PLAIN.lastIndex = at
  PLAIN.test(script)
  return PLAIN.lastIndex
}

/** All up to the next character that may begin something else. */
const PLAIN = /[^'"`/]+/y

const after = (text: string, what: string, from: number) => {
  const found = text.indexOf(what, from)
  return found < 0 ? text.length : found + what.length
}

function lineEnd(text: string, from: number): number {
  const found = text.indexOf('\n', from)
  return found < 0 ? text.length : found
}

/** A line's end closes what has one line only: so a quote mark in an odd place spoils that line and no more. */
function endOfQuoted(text: string, at: number, mark: string, oneLine: boolean): number {
  let inClass = false
  for (let i = at + 1; i < text.length; i++) {
    const char = text.charAt(i)
    if (char === '\\') i++
    else if (oneLine && char === '\n') return i
    else if (mark === '/' && char === '[') inClass = true
    else if (mark === '/' && char === ']') inClass = false
    else if (char === mark && !inClass) return i + 1
  }
  return text.length
}

export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++
  return line
}

export interface Import {
  name: string
  offset: number
  /** `require.async` and `import()`: allowed across sub-packages. */
  later: boolean
}

const IMPORTS =
  /\b(?:import|export)\s+(?!type\b)(?:[\w$*{][^'"`;]*?\bfrom\s*)?['"]([^'"\n]+)['"]|\b(require(?:\.async)?|import)\s*\(\s*['"]([^'"\n]+)['"]/g

/** What a script without comments imports; imports of types alone leave nothing behind and are left out. */
export function importsOf(script: string): Import[] {
  return [...script.matchAll(IMPORTS)].map((match) => ({
    name: match[1] ?? match[3] ?? '',
    offset: match.index,
    later: match[2] === 'require.async' || match[2] === 'import',
  }))
}

export interface Call {
  api: string
  offset: number
}

/** `wx.x` in a script without comments, but those that the script asks for before it uses them. */
export function hostCalls(script: string): Call[] {
  const all = [...script.matchAll(/\bwx\.(\w+)/g)].map((match) => ({ api: match[1]!, offset: match.index }))
  return all.filter(({ api }) => !isGuarded(script, api))
}

function isGuarded(script: string, api: string): boolean {
  const name = `wx\\.${api}\\b`
  return new RegExp(
    `typeof\\s+${name}|${name}\\s*\\?\\.|!\\s*${name}\\s*[|&)]|${name}\\)?\\s*(?:&&|[!=]==?\\s*(?:null|undefined|void 0))|canIUse\\(\\s*['"]${api}\\b`,
  ).test(script)
}

const TEMPLATE_NOISE = [/<!--[\s\S]*?-->/g, /<wxs\b[^>]*>[\s\S]*?<\/wxs>/g, /\{\{[\s\S]*?\}\}/g]

/** A template with nothing but its tags and plain attributes. */
export function plainTemplate(wxml: string): string {
  return TEMPLATE_NOISE.reduce((text, noise) => text.replace(noise, blank), wxml)
}

export function tagsOf(wxml: string): { tag: string; offset: number }[] {
  return [...plainTemplate(wxml).matchAll(/<([a-z][\w-]*)/g)].map((match) => ({ tag: match[1]!, offset: match.index }))
}
