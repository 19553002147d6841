/** Canned replies in the composer, and the composer of notes. */
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { beforeAll, expect, it } from 'vitest'
import type { CannedReply } from '@/api/replies'
import Composer from '@/components/chat/Composer.vue'
import ModeTabs from '@/components/notes/ModeTabs.vue'
import NoteComposer from '@/components/notes/NoteComposer.vue'
import { findReplies } from '@/components/replies/find'
import type { ReplySource } from '@/components/replies/palette'
import { i18n } from '@/i18n'
import type { Ready } from '@/stores/replies'

const limits = {
  text_length: 5_000,
  frame: 65_536,
  image: 10,
  voice_ms: 60_000,
  video: 10,
  file: 10,
  recall_window_s: 120,
  reaction_kinds: 20,
}
const CARD = { type: 'card', title: '龙井' } as const
const REPLIES: CannedReply[] = [
  { id: 'r1', shortcut: 'card', title: '龙井卡片', contents: [CARD], texts: { en: 'Here it is' }, score: 5 },
  { id: 'r2', shortcut: 'order', title: 'Order', texts: { en: 'Your order {{order.number}} is ready' } },
]

beforeAll(() => {
  i18n.global.locale.value = 'en'
  Element.prototype.scrollIntoView = () => undefined
})

function source(ready?: (reply: CannedReply) => Promise<Ready>): ReplySource {
  return {
    state: 'ready',
    find: (query) => findReplies(REPLIES, query),
    refresh: () => undefined,
    textOf: (reply) => reply.texts?.['en'] ?? '',
    ready:
      ready ??
      (async (reply) => ({
        text: reply.texts?.['en'] ?? '',
        cards: (reply.contents ?? []) as (typeof CARD)[],
        pictures: [],
        lost: 0,
      })),
  }
}

function make(replies: ReplySource | null): VueWrapper {
  const props = {
    draft: '',
    limits,
    isGroup: false,
    members: [],
    reply: null,
    editing: null,
    nameOf: () => 'Su',
    cards: true,
    held: false,
    replies,
  }
  return mount(Composer, { props, global: { plugins: [i18n] }, attachTo: document.body }) as unknown as VueWrapper
}

async function type(composer: VueWrapper, words: string): Promise<void> {
  const area = composer.get('textarea')
  const element = area.element as HTMLTextAreaElement
  for (const sign of words) {
    element.value += sign
    element.setSelectionRange(element.value.length, element.value.length)
    await area.trigger('input')
  }
}

const press = (composer: VueWrapper, key: string) => composer.get('textarea').trigger('keydown', { key })
const valueOf = (composer: VueWrapper): string => (composer.get('textarea').element as HTMLTextAreaElement).value

it('answers with a card in four key strokes', async () => {
  const composer = make(source())
  await type(composer, '/c')
  await press(composer, 'Enter')
  await flushPromises()
  expect(composer.emitted('send')).toBeUndefined()
  await press(composer, 'Enter')
  expect(composer.emitted('send')?.[0]).toEqual(['Here it is', [], []])
  expect(composer.emitted('cards')?.[0]).toEqual([[CARD]])
  expect(valueOf(composer)).toBe('')
})

it('says by list and option what is chosen, and moves with the arrows', async () => {
  const composer = make(source())
  await type(composer, '/')
  const area = composer.get('textarea')
  const options = composer.findAll('[role=option]')
  expect(options).toHaveLength(2)
  expect(area.attributes('aria-activedescendant')).toBe(options[0]!.attributes('id'))
  expect(area.attributes('aria-controls')).toBe(composer.get('[role=listbox]').attributes('id'))
  await press(composer, 'ArrowDown')
  expect(area.attributes('aria-activedescendant')).toBe(options[1]!.attributes('id'))
  expect(composer.get('[aria-selected=true]').text()).toContain('/order')
  await press(composer, 'Escape')
  expect(composer.find('[role=listbox]').exists()).toBe(false)
  expect(area.attributes('aria-activedescendant')).toBeUndefined()
})

it('never sends a variable that nobody filled in, and puts the caret on it', async () => {
  const composer = make(source())
  await type(composer, '/order')
  await press(composer, 'Enter')
  await flushPromises()
  await press(composer, 'Enter')
  expect(composer.emitted('send')).toBeUndefined()
  expect(composer.get('[role=alert]').text()).toContain('Order number')
  const area = composer.get('textarea').element as HTMLTextAreaElement
  expect(area.value.slice(area.selectionStart, area.selectionEnd)).toBe('{{order.number}}')
  await composer.get('textarea').setValue('Your order T1 is ready')
  await press(composer, 'Enter')
  expect(composer.emitted('send')?.[0]?.[0]).toBe('Your order T1 is ready')
})

it('waits with sending until what was picked is there', async () => {
  let arrive: (ready: Ready) => void = () => undefined
  const composer = make(source(() => new Promise((resolve) => (arrive = resolve))))
  await type(composer, '/c')
  await press(composer, 'Enter')
  await press(composer, 'Enter')
  expect(composer.emitted('send')).toBeUndefined()
  arrive({ text: 'late', cards: [CARD], pictures: [], lost: 0 })
  await flushPromises()
  expect(composer.emitted('send')?.[0]?.[0]).toBe('late')
  expect(composer.emitted('cards')).toHaveLength(1)
})

it('neither sends what is looked for nor tells the customer that it is typed', async () => {
  const composer = make(source())
  await type(composer, '/nothing')
  await press(composer, 'Enter')
  expect(composer.emitted('send')).toBeUndefined()
  expect(composer.emitted('typing')).toBeUndefined()
  expect(composer.text()).toContain('nothing')
})

it('takes a slash for a slash where there are no replies', async () => {
  const composer = make(null)
  await type(composer, '/hi')
  await press(composer, 'Enter')
  expect(composer.emitted('send')?.[0]?.[0]).toBe('/hi')
})

function note(more: object = {}): VueWrapper {
  const props = {
    draft: '',
    colleagues: [{ id: 'u_lin', kind: 'staff' as const, name: 'Lin' }],
    editing: null,
    whisperTo: '',
    nameOf: () => 'Mei',
    busy: false,
    ...more,
  }
  return mount(NoteComposer, { props, global: { plugins: [i18n] }, attachTo: document.body }) as unknown as VueWrapper
}

it('says in words that a note is not for the customer, and names a colleague', async () => {
  const composer = note()
  expect(composer.text()).toContain('the customer does not')
  expect(composer.get('textarea').attributes('aria-label')).toBe('Write an internal note')
  await type(composer, '@li')
  expect(composer.findAll('[role=option]')).toHaveLength(1)
  await press(composer, 'Enter')
  await press(composer, 'Enter')
  expect(composer.emitted('write')?.[0]).toEqual(['@Lin', ['u_lin'], false])
})

it('keeps a note until it is taken', async () => {
  const composer = note()
  await type(composer, 'hm')
  await press(composer, 'Enter')
  expect(valueOf(composer)).toBe('hm')
  await composer.setProps({ busy: true })
  await press(composer, 'Enter')
  expect(composer.emitted('write')).toHaveLength(1)
})

it('whispers only where somebody hears it, and then to nobody else', async () => {
  const composer = note({ whisperTo: 'u_mei' })
  await composer.get('input[type=checkbox]').setValue(true)
  expect(composer.text()).toContain('only Mei and supervisors')
  await type(composer, '@Lin')
  expect(composer.find('[role=option]').exists()).toBe(false)
  await press(composer, 'Enter')
  expect(composer.emitted('write')?.[0]).toEqual(['@Lin', [], true])
})

it('offers no answer to the customer to who only looks on', () => {
  const props = { modelValue: 'note' as const, notesOnly: true }
  const tabs = mount(ModeTabs, { props, global: { plugins: [i18n] } })
  expect(tabs.get<HTMLInputElement>('input[value=reply]').element.disabled).toBe(true)
  expect(tabs.get<HTMLInputElement>('input[value=note]').element.checked).toBe(true)
})
