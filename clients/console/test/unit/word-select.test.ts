/** Words that are typed: entered, left, composed, or chosen from those that are known. */
import { mount } from '@vue/test-utils'
import { beforeEach, expect, it, vi } from 'vitest'
import WordSelect from '@/components/admin/WordSelect.vue'
import { i18n } from '@/i18n'

beforeEach(() => {
  i18n.global.locale.value = 'en'
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe = () => undefined
      unobserve = () => undefined
      disconnect = () => undefined
    },
  )
})

it('typed words lose their spaces and come once', async () => {
  const select = mount(WordSelect, { global: { plugins: [i18n] }, props: { modelValue: ['tea'], label: 'Words' } })
  select.findComponent({ name: 'ElSelect' }).vm.$emit('update:modelValue', ['tea', ' tea ', ' ', '发票'])
  expect(select.emitted('update:modelValue')?.[0]).toEqual([['tea', '发票']])
  expect(select.find('input').attributes('aria-label')).toBe('Words')
})

it('a word that was typed and not entered is taken when one goes on, if there is room', async () => {
  const select = mount(WordSelect, { global: { plugins: [i18n] }, props: { modelValue: ['tea'], most: 2 } })
  const input = select.find('input').element
  const leave = (relatedTarget: Element | null) =>
    input.dispatchEvent(new FocusEvent('focusout', { bubbles: true, relatedTarget }))
  input.value = ' vip '
  leave(null) // to one of the options, which take no focus
  expect(select.emitted('update:modelValue')).toBeUndefined()
  leave(document.body)
  expect(select.emitted('update:modelValue')).toEqual([[['tea', 'vip']]])
  await select.setProps({ most: 1 })
  input.value = 'more'
  leave(document.body)
  expect(select.emitted('update:modelValue')).toHaveLength(1)
})

it('a word that comes out of an input method in one stroke is taken with Enter, and none while it is composed', () => {
  const props = { modelValue: [], known: ['invoice'] }
  const select = mount(WordSelect, { global: { plugins: [i18n] }, props })
  const input = select.find('input').element
  const press = (isComposing: boolean) =>
    input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, isComposing }))
  input.value = '急'
  press(true)
  expect(select.emitted('update:modelValue')).toBeUndefined()
  press(false)
  expect(select.emitted('update:modelValue')).toEqual([[['急']]])
  input.value = 'inv' // one of those that are offered: the select's own choice holds
  press(false)
  expect(select.emitted('update:modelValue')?.at(-1)).toEqual([['invoice']])
})
