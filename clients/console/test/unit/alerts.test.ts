/** Who looks elsewhere is told that a colleague named them or a supervisor whispered to them, by their own settings. */
import { ElNotification } from 'element-plus'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Note } from '@/im'
import { useAlerts } from '@/stores/alerts'
import { chime } from '@/stores/chime'
import { useSettings } from '@/stores/settings'
import { begin, open } from './desk-stage'

vi.mock('@/im-sdk', () => ({ createIm: () => undefined }))
vi.mock('@/stores/chime', () => ({ chime: vi.fn() }))
vi.mock('element-plus', () => ({ ElNotification: vi.fn(() => ({ close: closed })) }))

const closed = vi.hoisted(() => vi.fn())
const note = { conversation_id: 's_1', seq: 7, author_id: 'boss', text: 'Offer her a voucher' } as Note
let shown: { title: string; body: string; onclick?: () => void; close: () => void }[]

beforeEach(() => {
  begin()
  vi.clearAllMocks()
  shown = []
  function Shown(this: object, title: string, { body }: { body: string }): void {
    shown.push(Object.assign(this, { title, body, close: () => undefined }))
  }
  vi.stubGlobal('Notification', Object.assign(Shown, { permission: 'granted' }))
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

async function alerts(hidden: boolean, quiet = false) {
  await open()
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden)
  const opened: string[] = []
  const store = useAlerts()
  store.start(
    (path) => opened.push(path),
    () => quiet,
  )
  return { store, opened }
}

it('a whisper rings, and is shown outside of the page that nobody looks at', async () => {
  const { store, opened } = await alerts(true)
  store.colleague('whispered', note)
  expect(chime).toHaveBeenCalledTimes(1)
  expect(shown).toMatchObject([{ title: expect.stringContaining('Name of boss'), body: note.text }])
  vi.spyOn(window, 'focus').mockReturnValue(undefined)
  shown[0]?.onclick?.()
  expect(opened).toEqual(['/desk/s_1'])
  expect(store.spoken).toContain(note.text)
})

it('who wants neither sound nor notifications gets none of a mention', async () => {
  const { store } = await alerts(true)
  Object.assign(useSettings(), { sound: false, notify: false })
  store.colleague('mentioned', note)
  expect(chime).not.toHaveBeenCalled()
  expect(shown).toEqual([])
  expect(ElNotification).toHaveBeenCalledTimes(1)
})

it('in a page that is looked at one line tells of it, in place of the one before', async () => {
  const { store } = await alerts(false)
  store.colleague('mentioned', note)
  store.colleague('mentioned', { ...note, seq: 8 })
  expect(chime).not.toHaveBeenCalled()
  expect(shown).toEqual([])
  expect(ElNotification).toHaveBeenCalledTimes(2)
  expect(closed).toHaveBeenCalledTimes(1)
})

it('on a wall that others see nothing is told', async () => {
  const { store } = await alerts(true, true)
  store.colleague('whispered', note)
  expect([shown, vi.mocked(chime).mock.calls, vi.mocked(ElNotification).mock.calls]).toEqual([[], [], []])
})
