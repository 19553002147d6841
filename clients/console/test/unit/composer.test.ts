import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { beforeAll, expect, it } from 'vitest'
import Composer from '@/components/chat/Composer.vue'
import { i18n } from '@/i18n'

const limits = {
  text_length: 20,
  frame: 65_536,
  image: 10,
  voice_ms: 60_000,
  video: 10,
  file: 10,
  recall_window_s: 120,
  reaction_kinds: 20,
}

beforeAll(() => {
  i18n.global.locale.value = 'en'
})

function make(more: object = {}): VueWrapper {
  const props = {
    draft: '',
    limits,
    isGroup: true,
    members: [],
    reply: null,
    editing: null,
    nameOf: () => 'Su',
    cards: false,
    held: false,
    ...more,
  }
  return mount(Composer, { props, global: { plugins: [i18n] }, attachTo: document.body }) as unknown as VueWrapper
}

it('sends on Enter, and only breaks the line on Shift+Enter', async () => {
  const composer = make()
  const area = composer.get('textarea')
  await area.setValue('  hello  ')
  await area.trigger('keydown', { key: 'Enter', shiftKey: true })
  expect(composer.emitted('send')).toBeUndefined()
  await area.trigger('keydown', { key: 'Enter' })
  expect(composer.emitted('send')?.[0]).toEqual(['hello', [], []])
  expect((area.element as HTMLTextAreaElement).value).toBe('')
})

it('does not send while an input method composes a word', async () => {
  const composer = make()
  await composer.get('textarea').setValue('ni hao')
  await composer.get('textarea').trigger('keydown', { key: 'Enter', isComposing: true })
  await composer.get('textarea').trigger('keydown', { key: 'Enter', keyCode: 229 })
  expect(composer.emitted('send')).toBeUndefined()
})

it('sends neither blanks nor more than the deployment allows, and says by how much', async () => {
  const composer = make()
  await composer.get('textarea').setValue('   ')
  await composer.get('textarea').trigger('keydown', { key: 'Enter' })
  await composer.get('textarea').setValue('x'.repeat(23))
  await composer.get('textarea').trigger('keydown', { key: 'Enter' })
  expect(composer.emitted('send')).toBeUndefined()
  expect(composer.get('[role=alert]').text()).toContain('3 too many')
})

it('counts an emoji as one character', async () => {
  const composer = make()
  await composer.get('textarea').setValue('🍵'.repeat(20))
  await composer.get('textarea').trigger('keydown', { key: 'Enter' })
  expect(composer.emitted('send')).toHaveLength(1)
})

it('asks for the last message on the up arrow, but only from an empty field', async () => {
  const composer = make()
  await composer.get('textarea').trigger('keydown', { key: 'ArrowUp' })
  expect(composer.emitted('editLast')).toHaveLength(1)
  await composer.get('textarea').setValue('x')
  await composer.get('textarea').trigger('keydown', { key: 'ArrowUp' })
  expect(composer.emitted('editLast')).toHaveLength(1)
})

it('keeps the draft while another message is edited', async () => {
  const composer = make({ draft: 'half a thought' })
  const editing = { content: { type: 'text', text: 'old' }, mentions: [], sender_id: 'me' }
  await composer.setProps({ editing })
  await flushPromises()
  const area = composer.get('textarea').element as HTMLTextAreaElement
  expect(area.value).toBe('old')
  await composer.get('textarea').setValue('new')
  await composer.get('textarea').trigger('keydown', { key: 'Enter' })
  expect(composer.emitted('save')?.[0]).toEqual(['new', []])
  expect(composer.emitted('draft')).toBeUndefined()
  await composer.setProps({ editing: null })
  expect(area.value).toBe('half a thought')
})
