/** Answers of the shop's list beside the composer: when they are asked for, and how one gets into the draft. */
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { beforeAll, expect, it, vi } from 'vitest'
import { defineComponent, h, nextTick, reactive, ref } from 'vue'
import Composer from '@/components/chat/Composer.vue'
import { type AnswerSource, useSuggested } from '@/components/replies/suggested'
import { i18n } from '@/i18n'
import type { Im, SuggestedAnswer } from '@/im'

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
const REFUND = { entry_id: 'f1', question: 'How long does a refund take?', answer: 'Three days.', language: 'en' }
const SHIP = { entry_id: 'f2', question: 'When do you ship?', answer: 'The same day.', language: 'en' }

beforeAll(() => {
  i18n.global.locale.value = 'en'
})

function make(found: SuggestedAnswer[] = [REFUND, SHIP], more: object = {}) {
  const typed = vi.fn<(text: string) => void>()
  const answers: AnswerSource = reactive({ found, typed })
  const props = {
    draft: '',
    limits,
    isGroup: false,
    members: [],
    reply: null,
    editing: null,
    nameOf: () => 'Su',
    cards: false,
    held: false,
    replies: { state: 'ready' as const, find: () => [], refresh: () => undefined, textOf: () => '', ready: vi.fn() },
    answers,
    ...more,
  }
  const composer = mount(Composer, { props, global: { plugins: [i18n] }, attachTo: document.body })
  return { composer: composer as unknown as VueWrapper, typed, answers }
}
const press = (composer: VueWrapper, key: string, more: object = {}) =>
  composer.get('textarea').trigger('keydown', { key, ...more })
const altA = (composer: VueWrapper) => press(composer, 'å', { code: 'KeyA', altKey: true })
const valueOf = (composer: VueWrapper) => (composer.get('textarea').element as HTMLTextAreaElement).value
const options = (composer: VueWrapper) => composer.findAll('[role=option] b').map((one) => one.text())

it('puts the first answer into the draft with two key strokes', async () => {
  const { composer } = make()
  expect(composer.get('.offer').text()).toContain('How long does a refund take?')
  await altA(composer)
  expect(options(composer)).toEqual(['How long does a refund take?', 'When do you ship?'])
  await press(composer, 'Enter')
  expect(valueOf(composer)).toBe('Three days.')
  expect(composer.emitted('send')).toBeUndefined()
  expect(options(composer)).toEqual([])
})

it('leaves what is written where it is, and offers no more what stands there already', async () => {
  const { composer } = make()
  await composer.get('textarea').setValue('Hello! ')
  await altA(composer)
  await press(composer, 'ArrowDown')
  await press(composer, 'Enter')
  expect(valueOf(composer)).toBe('Hello!\nThe same day.')
  expect(composer.get('.offer').text()).toContain('How long does a refund take?')
  await altA(composer)
  expect(options(composer)).toEqual(['How long does a refund take?'])
})

it('tells the field which one is chosen, and goes with Escape without leaving the field', async () => {
  const { composer } = make()
  await altA(composer)
  const area = composer.get('textarea')
  await nextTick()
  const chosen = composer.get('[aria-selected=true]')
  expect(area.attributes('aria-activedescendant')).toBe(chosen.attributes('id'))
  expect(area.attributes('aria-controls')).toBe(composer.get('[role=listbox]').attributes('id'))
  await press(composer, 'Escape')
  expect(options(composer)).toEqual([])
  expect(valueOf(composer)).toBe('')
})

it('tells what is typed, and neither what is looked for after / nor what is edited', async () => {
  const { composer, typed } = make()
  expect(typed).toHaveBeenLastCalledWith('')
  await composer.get('textarea').setValue('refund')
  expect(typed).toHaveBeenLastCalledWith('refund')
  const area = composer.get('textarea').element as HTMLTextAreaElement
  area.value = '/re'
  area.setSelectionRange(3, 3)
  await composer.get('textarea').trigger('input')
  expect(typed).toHaveBeenLastCalledWith('')
  expect(composer.find('.offer').exists()).toBe(false)
  const editing = { content: { type: 'text', text: 'old words' }, mentions: [], sender_id: 'me' }
  await composer.setProps({ editing })
  await flushPromises()
  expect(typed).not.toHaveBeenCalledWith('old words')
  expect(composer.find('.offer').exists()).toBe(false)
})

it('has nothing to open where nothing fits', async () => {
  const { composer } = make([])
  await altA(composer)
  expect(composer.find('[role=listbox]').exists()).toBe(false)
  expect(composer.find('.offer').exists()).toBe(false)
})

it('asks what the customer asked, until something is typed, and not for who only looks on', async () => {
  const typed = vi.fn<(text: string) => void>()
  const stop = vi.fn()
  const suggest = vi.fn<Im['suggest']>(() => ({ typed, stop }))
  const asked = ref('refund?')
  const on = ref(false)
  let write: (text: string) => void = () => undefined
  const host = defineComponent(() => {
    const place = {
      im: { suggest } as unknown as Im,
      conversationId: 'c',
      asked: () => asked.value,
      on: () => on.value,
    }
    write = useSuggested(place).typed
    return () => h('div')
  })
  const mounted = mount(host)
  expect(suggest).not.toHaveBeenCalled()
  on.value = true
  await nextTick()
  expect(typed).toHaveBeenLastCalledWith('refund?')
  write('s')
  await nextTick()
  expect(typed).toHaveBeenLastCalledWith('refund?')
  write('ship')
  await nextTick()
  expect(typed).toHaveBeenLastCalledWith('ship')
  write('')
  asked.value = 'x'.repeat(400)
  await nextTick()
  expect(typed).toHaveBeenLastCalledWith('x'.repeat(300))
  on.value = false
  await nextTick()
  expect(typed).toHaveBeenLastCalledWith('')
  mounted.unmount()
  expect([suggest.mock.calls.length, stop.mock.calls.length]).toEqual([1, 1])
})
