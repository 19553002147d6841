import { describe, expect, test } from 'vitest'
import type { Message } from '@chaguan/sdk'
import { PAGE_ROWS, Pages, type Patch } from '../src/pages'
import type { Row } from '../src/rows'
import { log, message } from './messages'

interface View {
  pages: { id: string; height: number; rows: Row[] }[]
}

/** What setData does with paths. */
function apply(view: View, patch: Patch | null): void {
  for (const [path, value] of Object.entries(patch ?? {})) {
    const keys = path.replace(/\[(\d+)\]/g, '.$1').split('.')
    const last = keys.pop() as string
    let at = view as unknown as Record<string, unknown>
    for (const key of keys) at = at[key] as Record<string, unknown>
    at[last] = JSON.parse(JSON.stringify(value)) as unknown
  }
}

function rowOf(message: Message, previous: Message | undefined): Row {
  return {
    key: message.client_msg_id,
    seq: message.seq,
    status: message.status,
    after: previous?.client_msg_id ?? '',
    text: JSON.stringify(message.content),
  } as unknown as Row
}

const keys = (view: View) => view.pages.flatMap((page) => page.rows.map((row) => row.key))
const expected = (messages: readonly Message[]) => messages.map((one) => one.client_msg_id)

describe('the pages of a conversation', () => {
  test('a long conversation starts with its newest messages only', () => {
    const pages = new Pages(rowOf)
    const view: View = { pages: [] }
    apply(view, pages.reset(log(1, 10_000)))
    expect(keys(view)).toEqual(expected(log(10_000 - PAGE_ROWS + 1, 10_000)))
    expect(pages.hidden).toBe(10_000 - PAGE_ROWS)
  })

  test('a new message crosses to the view as one row', () => {
    const pages = new Pages(rowOf)
    const view: View = { pages: [] }
    const before = log(1, 50)
    apply(view, pages.reset(before))
    const after = [...before, message(51)]
    const patch = pages.update(after)
    expect(Object.keys(patch)).toHaveLength(1)
    apply(view, patch)
    expect(keys(view)).toEqual(expected(after.slice(-keys(view).length)))
  })

  test('a status crosses by its path and nothing else', () => {
    const pages = new Pages(rowOf)
    const before = log(1, 30)
    pages.reset(before)
    const after = before.map((one) => (one.seq === 30 ? { ...one, status: 'failed' as const } : one))
    expect(pages.update(after)).toEqual({ 'pages[0].rows[19].status': 'failed' })
  })

  test('older messages that arrive stay out of the view until the reader comes near', () => {
    const pages = new Pages(rowOf)
    const view: View = { pages: [] }
    apply(view, pages.reset(log(41, 60)))
    apply(view, pages.update(log(1, 60)))
    expect(keys(view)[0]).toBe('key-41')
    apply(view, pages.prepend())
    expect(keys(view)).toEqual(expected(log(21, 60)))
  })

  test('what is far away is a frame of the height it had and comes back whole', () => {
    const pages = new Pages(rowOf)
    const view: View = { pages: [] }
    apply(view, pages.reset(log(1, 100), 100))
    apply(
      view,
      pages.frame([700, 710, 720, 730, 740], (i) => i >= 3),
    )
    expect(view.pages.map((page) => page.height)).toEqual([700, 710, 720, 0, 0])
    expect(keys(view)).toEqual(expected(log(61, 100)))
    apply(
      view,
      pages.frame([], () => true),
    )
    expect(keys(view)).toEqual(expected(log(1, 100)))
  })

  test('any run of changes shows what a fresh view would show', () => {
    let seed = 7
    const random = (n: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n
    const pages = new Pages(rowOf)
    const view: View = { pages: [] }
    let all = log(500, 560)
    apply(view, pages.reset(all))
    for (let step = 0; step < 400; step++) {
      const act = random(6)
      const lastSeq = Math.max(...all.map((one) => one.seq))
      if (act === 0) all = [...all, message(lastSeq + 1)]
      else if (act === 1)
        all = [...all, message(0, undefined, { client_msg_id: `own-${step}`, status: 'sending', seq: 0 })]
      else if (act === 2) all = all.filter((one, i) => one.seq > 0 || i % 2 === 0)
      else if (act === 3) all = all.map((one, i) => (i === random(all.length) ? { ...one, content: null } : one))
      else if (act === 4 && (all[0]?.seq ?? 0) > 40)
        all = [...log((all[0]?.seq ?? 0) - 30, (all[0]?.seq ?? 0) - 1), ...all]
      else apply(view, pages.prepend())
      apply(view, pages.update(all))
      if (random(4) === 0)
        apply(
          view,
          pages.frame(
            Array.from({ length: pages.count }, () => 500),
            (i) => (i + step) % 3 > 0,
          ),
        )
    }
    apply(
      view,
      pages.frame([], () => true),
    )
    const shown = all.slice(pages.hidden)
    const fresh = shown.map(
      (one, i) => JSON.parse(JSON.stringify(rowOf(one, shown[i - 1] ?? all[pages.hidden - 1]))) as Row,
    )
    expect(view.pages.flatMap((page) => page.rows)).toEqual(fresh)
  })
})
