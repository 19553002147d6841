/** The list as it is drawn: what stands in a row, how few rows there are, and keys within it. */
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent } from 'vue'
import CaseList from '@/components/desk/CaseList.vue'
import StateStrip from '@/components/desk/StateStrip.vue'
import { i18n } from '@/i18n'
import { useChat } from '@/stores/chat'
import { useDrafts } from '@/stores/drafts'
import { begin, open, server, waiting } from './desk-stage'

vi.mock('@/im-sdk', () => ({ createIm: () => undefined }))

const SHOP_SWITCHER = defineComponent({ template: '<i />' })
let drawn: VueWrapper | undefined

beforeEach(() => {
  begin()
  i18n.global.locale.value = 'en'
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe = () => undefined
      disconnect = () => undefined
    },
  )
})
afterEach(() => {
  drawn?.unmount()
  vi.unstubAllGlobals()
})

function draw(component: object, props = {}) {
  const stubs = { ShopSwitcher: SHOP_SWITCHER, ElButton: true }
  drawn = mount(component, { props, attachTo: document.body, global: { plugins: [i18n], stubs } })
  return drawn
}

it('a row says who, how long, the place in line, the queue and the app', async () => {
  const at = Date.now() - 130_000
  server.cases = [waiting('a', at, { context: { app_id: 'mini' }, subject: 'Invoice' })]
  await open()
  const list = draw(CaseList, { selected: 'a' })
  await flushPromises()
  const row = list.get('li a')
  expect(row.text()).toContain('Name of u-a · Invoice')
  expect(row.text()).toContain('No. 1 in line · Tea · Mini program')
  expect(row.get('.timer').classes()).toContain('warn')
  expect(row.get('.timer .sr-only').text()).toBe('Waiting for 2 minutes')
  expect(row.attributes('aria-current')).toBe('true')
})

it('of two hundred cases only those are drawn that are seen, and each knows its place', async () => {
  server.cases = Array.from({ length: 200 }, (_, n) => waiting(`k${n}`, n + 1))
  await open()
  const list = draw(CaseList, { selected: '' })
  await flushPromises()
  const rows = list.findAll('li')
  expect(rows.length).toBeLessThan(30)
  expect(rows[0]?.attributes()).toMatchObject({ 'aria-setsize': '200', 'aria-posinset': '1' })
  expect(list.get('#queue-waiting .count').text()).toBe('200')
})

it('a draft is marked, but not in the row that is open', async () => {
  await open()
  useDrafts().set('c-a', 'half a thought')
  const list = draw(CaseList, { selected: 'b' })
  await flushPromises()
  expect(list.get('[data-case="a"]').text()).toContain('half a thought')
  await list.setProps({ selected: 'a' })
  expect(list.get('[data-case="a"]').text()).not.toContain('half a thought')
})

it('arrows move the focus from row to row and stop at the ends', async () => {
  await open()
  const list = draw(CaseList, { selected: '' })
  await flushPromises()
  const first = list.get<HTMLElement>('[data-case="a"]')
  first.element.focus()
  await first.trigger('keydown', { key: 'ArrowUp' })
  await flushPromises()
  expect(document.activeElement).toBe(first.element)
  await first.trigger('keydown', { key: 'ArrowDown' })
  await flushPromises()
  expect((document.activeElement as HTMLElement).dataset['case']).toBe('b')
})

it('what comes while a pointer rests on the list is counted, and shown when it is asked for', async () => {
  await open()
  const list = draw(CaseList, { selected: '' })
  await flushPromises()
  const enter = Object.assign(new Event('pointerenter'), { pointerType: 'mouse' })
  list.get('.frame').element.dispatchEvent(enter)
  await flushPromises()
  server.cases.push(waiting('new', 1))
  server.tell()
  await flushPromises()
  expect(list.findAll('li')).toHaveLength(2)
  expect(list.get('.news').text()).toContain('1 new case')
  await list.get('.news').trigger('click')
  expect(list.findAll('[data-case]').map((row) => row.attributes('data-case'))).toEqual(['new', 'a', 'b'])
})

it('who is offline where cases are given out is told so, and comes back by one press', async () => {
  server.agents = [{ user_id: 'mei', capacity: 3 }]
  await open()
  const strip = draw(StateStrip)
  expect(strip.text()).toContain('You are offline and get no new cases')
  await strip.get('button').trigger('click')
  expect(server.did).toEqual(['online'])
})

it("a row says how many messages wait for an answer, where nothing of one's own is unread", async () => {
  server.unanswered = { a: { case_id: 'a', seq: 3, at: 1, ordinal: 2 }, b: { case_id: 'b', seq: 3, at: 1, ordinal: 4 } }
  await open()
  for (const id of ['c-a', 'c-b']) useChat().im!.deskView(id)!.conversation.head_ordinal = 4
  server.tell()
  const list = draw(CaseList, { selected: '' })
  await flushPromises()
  expect(list.get('[data-case="a"] .badge').text()).toContain('3 messages without an answer')
  expect(list.find('[data-case="b"] .badge').exists()).toBe(false)
})
