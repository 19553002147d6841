/**
 * What the business's server answered about a customer, read leniently: it is the business's own JSON, so anything
 * may be missing or of another kind. What is not understood is left out. Pure.
 */

export interface ContextRow {
  label: string
  value: string
  url: string
}

export interface ContextItem {
  title: string
  note: string
  amount: string
  quantity: number
  picture: string
  status: string
}

export interface Business {
  tags: string[]
  profile: ContextRow[]
  cart: ContextItem[] | null
  orders: ContextItem[] | null
  sections: { title: string; rows: ContextRow[] }[]
}

const MOST_TAGS = 30

type Json = Record<string, unknown>

export function readBusiness(raw: unknown): Business | null {
  if (!isObject(raw)) return null
  return {
    tags: tagsOf(raw['tags']),
    profile: [...rowsOf(raw['profile']), ...rowsOf(raw['attributes'])],
    cart: itemsOf(raw['cart']),
    orders: itemsOf(raw['orders']),
    sections: list(raw['sections'])
      .filter(isObject)
      .map((section) => ({ title: text(section['title']), rows: rowsOf(section['rows']) }))
      .filter((section) => section.rows.length > 0),
  }
}

function tagsOf(raw: unknown): string[] {
  return list(raw)
    .map(text)
    .filter((tag) => tag !== '')
    .slice(0, MOST_TAGS)
}

/** Rows as `[{label, value, url}]`, or as a plain object of label to value. */
function rowsOf(raw: unknown): ContextRow[] {
  if (Array.isArray(raw)) {
    return raw
      .filter(isObject)
      .map((row) => ({ label: text(row['label']), value: text(row['value']), url: link(row['url']) }))
  }
  if (!isObject(raw)) return []
  return Object.entries(raw)
    .map(([label, value]) => ({ label, value: text(value), url: '' }))
    .filter((row) => row.value !== '')
}

function itemsOf(raw: unknown): ContextItem[] | null {
  if (!Array.isArray(raw)) return null
  return raw.filter(isObject).map((item) => ({
    title: text(item['title'] ?? item['name'] ?? item['id']),
    note: text(item['note'] ?? item['summary'] ?? item['spec']),
    amount: amountOf(item),
    quantity: typeof item['quantity'] === 'number' ? item['quantity'] : 0,
    picture: link(item['picture'] ?? item['image']),
    status: text(item['status_text'] ?? item['status']),
  }))
}

/** A ready text, or integer minor units with a currency as everywhere in Chaguan. */
function amountOf(item: Json): string {
  const ready = item['amount_text'] ?? item['price_text'] ?? item['total_text']
  if (typeof ready === 'string') return ready
  const minor = item['amount'] ?? item['price'] ?? item['total']
  if (typeof minor === 'string') return minor
  if (typeof minor !== 'number') return ''
  const currency = typeof item['currency'] === 'string' ? item['currency'] : 'CNY'
  try {
    return new Intl.NumberFormat(undefined, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).format(
      minor / 100,
    )
  } catch {
    return `${currency} ${(minor / 100).toFixed(2)}` // not a currency that the browser knows
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function text(value: unknown): string {
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : ''
}

/** Only what can safely be opened: a business's mistake must not become a script. */
function link(value: unknown): string {
  return typeof value === 'string' && /^https?:\/\//i.test(value) ? value : ''
}
