/** The search of an agent: messages, or what colleagues noted beside cases. */
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { i18n } from '@/i18n'
import type { FoundNote } from '@/im'
import { useChat } from '@/stores/chat'
import SearchView from '@/views/SearchView.vue'
import { begin, open } from './desk-stage'

vi.mock('@/im-sdk', () => ({ createIm: () => undefined }))
const query: Record<string, string> = {}
vi.mock('vue-router', () => ({ useRoute: () => ({ query }), useRouter: () => ({ replace: vi.fn() }) }))

let drawn: VueWrapper | undefined
const asked: unknown[] = []
let pages: { notes: FoundNote[]; next_cursor?: string }[] = []

beforeEach(async () => {
  begin()
  i18n.global.locale.value = 'en'
  Object.assign(query, { q: 'invoice', what: 'notes' })
  asked.length = 0
  pages = []
  await open()
  Object.assign(useChat().im!, {
    notes: {
      search: async (text: string, options: unknown) => {
        asked.push([text, options])
        return pages.shift() ?? { notes: [] }
      },
    },
  })
})
afterEach(() => {
  drawn?.unmount()
  vi.unstubAllGlobals()
})

async function draw() {
  const stubs = { ElButton: true, ElRadioGroup: true, ElRadioButton: true }
  drawn = mount(SearchView, { global: { plugins: [i18n], stubs } })
  await flushPromises()
  return drawn
}

function note(seq: number): FoundNote {
  const own = { conversation_id: 's_1', seq, changed_seq: seq, created_at: 1_000, author_id: 'lin' }
  return { note: { ...own, text: `The invoice goes to Hill ${seq}` }, customer_id: 'amy' }
}

it('a note is shown with who wrote it and about whom, its word marked, and leads to its place', async () => {
  pages = [{ notes: [note(7)] }]
  const page = await draw()
  const row = page.get('li a')
  expect(row.attributes('href')).toBe('#/desk/s_1?seq=7')
  expect(row.text()).toContain('Name of lin')
  expect(row.text()).toContain('About Name of amy')
  expect(row.get('mark').text()).toBe('invoice')
  expect(asked).toEqual([['invoice', { conversationId: '', cursor: '' }]])
})

it('where a page found nothing and there is more to look through, the next one is asked for', async () => {
  pages = [{ notes: [], next_cursor: 'a' }, { notes: [], next_cursor: 'b' }, { notes: [note(3)] }]
  const page = await draw()
  expect(page.findAll('li')).toHaveLength(1)
  expect(asked.map((one) => (one as [string, { cursor: string }])[1].cursor)).toEqual(['', 'a', 'b'])
})

it('where nothing was found, it says in which notes was looked', async () => {
  const page = await draw()
  expect(page.text()).toContain('Nothing found for “invoice”')
  expect(page.text()).toContain('mentioned in')
})
