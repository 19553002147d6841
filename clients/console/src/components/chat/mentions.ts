/** `@` in the composer: what is being typed, what it becomes, and whom the finished text mentions. Pure. */

export interface Mentioned {
  id: string
  name: string
}

/** The word after an `@` that the caret stands in, or null. */
export function mentionQuery(text: string, caret: number): { from: number; query: string } | null {
  const before = text.slice(0, caret)
  const at = before.lastIndexOf('@')
  if (at < 0) return null
  // An address (name@host) is no mention.
  if (at > 0 && /[A-Za-z0-9._-]/.test(before[at - 1]!)) return null
  const query = before.slice(at + 1)
  return /[\s@]/.test(query) || query.length > 20 ? null : { from: at, query }
}

export function insertMention(
  text: string,
  from: number,
  caret: number,
  name: string,
): { text: string; caret: number } {
  const put = `@${name} `
  return { text: text.slice(0, from) + put + text.slice(caret), caret: from + put.length }
}

/** Only those whose `@name` still stands in the text, each once. */
export function mentionsIn(text: string, picked: readonly Mentioned[]): string[] {
  return [...new Set(picked.filter(({ name }) => text.includes(`@${name}`)).map(({ id }) => id))]
}
