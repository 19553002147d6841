/** `{{customer.name}}` and its like: filled in where a reply is picked, and never sent as they stand. Pure. */

/** The closed list; the server takes no reply with another. */
export const VARIABLES = [
  'customer.name',
  'agent.name',
  'shop.name',
  'case.subject',
  'order.number',
  'order.status',
  'order.total',
] as const

export type Variable = (typeof VARIABLES)[number]
export type Values = Partial<Record<Variable, string>>

const PATTERN = /\{\{\s*([a-z.]+)\s*\}\}/g

export function isVariable(name: string): name is Variable {
  return (VARIABLES as readonly string[]).includes(name)
}

export function variablesIn(text: string): Variable[] {
  return [...new Set([...text.matchAll(PATTERN)].map((match) => match[1]!).filter(isVariable))]
}

/** What is known takes its place; what is not stays as it is, to be seen. */
export function fill(text: string, values: Values): string {
  return text.replace(PATTERN, (whole, name: string) => (isVariable(name) && values[name]?.trim()) || whole)
}

/** The first one that nobody has filled in, as a piece of the text. */
export function firstUnfilled(text: string): { from: number; to: number } | null {
  for (const match of text.matchAll(PATTERN))
    if (isVariable(match[1]!)) return { from: match.index, to: match.index + match[0].length }
  return null
}

/** The key of its name in words: `order.number` is `replies.variableNames.order_number`. */
export function variableKey(name: Variable): string {
  return `replies.variableNames.${name.replace('.', '_')}`
}
