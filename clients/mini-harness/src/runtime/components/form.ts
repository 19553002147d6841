// form, label, and the controls a form collects: switch, checkbox, radio, slider.
import { tap } from '../gestures'
import { make } from '../screen'
import type { BackedElement } from '../types'
import { define, keyboardOperable, onTap, type Host } from './define'

type Data = Record<string, unknown>
const dataOf = (dom: Element): Data => ((dom as BackedElement).__wxElement as { data?: Data } | undefined)?.data ?? {}

/** Values by name, of built-ins and of components with the wx://form-field behaviour. */
function collect(form: HTMLElement): Data {
  const values: Data = {}
  for (const dom of form.querySelectorAll('*')) {
    const data = dataOf(dom)
    if (typeof data['name'] !== 'string' || data['name'] === '') continue
    if (dom.matches('wx-switch')) values[data['name']] = data['checked']
    else if ('value' in data && !dom.matches('wx-checkbox,wx-radio')) values[data['name']] = data['value']
  }
  return values
}

function mountForm(host: Host): void {
  host.dom.addEventListener('mp:submit', () => host.emit('submit', { value: collect(host.dom), formId: '' }))
  host.dom.addEventListener('mp:reset', () => {
    for (const dom of host.dom.querySelectorAll<BackedElement>('wx-input,wx-textarea')) {
      ;(dom.__wxElement as unknown as { setData(values: object): void }).setData({ value: '' })
    }
    host.emit('reset')
  })
}

const CONTROLS = 'wx-switch,wx-checkbox,wx-radio,wx-button,wx-input,wx-textarea'

function mountLabel(host: Host<{ for: string }>): void {
  onTap(host.dom, (event) => {
    if ((event.target as Element).closest(CONTROLS)) return
    const named =
      host.props.for &&
      document.querySelector<BackedElement>(`[exparser\\:info-attr-id="${CSS.escape(host.props.for)}"]`)
    const control = named || host.dom.querySelector<BackedElement>(CONTROLS)
    if (control?.__wxElement) tap(control.__wxElement, control)
  })
}

type Checkable = { checked: boolean; value: string; disabled: boolean; color: string; type: string }

function drawChecked(host: Host<Checkable>): void {
  const { dom, props } = host
  dom.setAttribute('aria-checked', String(props.checked))
  dom.setAttribute('aria-disabled', String(props.disabled))
  if (props.color) dom.style.setProperty('--mp-color', props.color)
}

function mountCheckable(host: Host<Checkable>, role: string, mark: string, toggle: () => void) {
  host.dom.prepend(make('i', mark))
  drawChecked(host)
  keyboardOperable(host.dom, role, () => host.dom.__wxElement && tap(host.dom.__wxElement, host.dom))
  onTap(host.dom, () => !host.props.disabled && toggle())
  return { changed: () => drawChecked(host) }
}

function mountSwitch(host: Host<Checkable>) {
  const mark = host.props.type === 'checkbox' ? 'mp-check' : 'mp-switch'
  return mountCheckable(host, 'switch', mark, () => {
    host.set({ checked: !host.props.checked })
    host.emit('change', { value: host.props.checked })
  })
}

function announce(member: HTMLElement, group: string): void {
  member.closest(group)?.dispatchEvent(new CustomEvent('mp:change'))
}

function mountCheckbox(host: Host<Checkable>) {
  return mountCheckable(host, 'checkbox', 'mp-check', () => {
    host.set({ checked: !host.props.checked })
    announce(host.dom, 'wx-checkbox-group')
  })
}

function mountRadio(host: Host<Checkable>) {
  return mountCheckable(host, 'radio', 'mp-check mp-round', () => {
    if (host.props.checked) return
    for (const other of host.dom.closest('wx-radio-group')?.querySelectorAll<BackedElement>('wx-radio') ?? [])
      (other.__wxElement as unknown as { setData(values: object): void }).setData({ checked: other === host.dom })
    announce(host.dom, 'wx-radio-group')
  })
}

function mountGroup(host: Host<{ value: unknown }>, member: string, single: boolean): void {
  const read = () => {
    const chosen = [...host.dom.querySelectorAll(member)]
      .map(dataOf)
      .filter((data) => data['checked'])
      .map((data) => data['value'])
    return single ? (chosen[0] ?? '') : chosen
  }
  // The members' first values are known once the children are attached.
  queueMicrotask(() => host.set({ value: read() }))
  if (single) host.dom.setAttribute('role', 'radiogroup')
  host.dom.addEventListener('mp:change', () => {
    host.set({ value: read() })
    host.emit('change', { value: read() })
  })
}

type SliderProps = {
  min: number
  max: number
  step: number
  value: number
  disabled: boolean
  showValue: boolean
  activeColor: string
}

function mountSlider(host: Host<SliderProps>) {
  const input = make('input', '', host.dom) as HTMLInputElement
  const label = make('span', '', host.dom)
  input.type = 'range'
  const draw = () => {
    const { min, max, step, value, disabled, showValue, activeColor } = host.props
    Object.assign(input, { min: String(min), max: String(max), step: String(step), disabled })
    input.value = String(value)
    input.style.setProperty('--mp-part', `${((value - min) / (max - min || 1)) * 100}%`)
    if (activeColor) input.style.setProperty('--mp-color', activeColor)
    label.textContent = showValue ? String(value) : ''
  }
  input.addEventListener('input', () => {
    host.set({ value: Number(input.value) })
    host.emit('changing', { value: Number(input.value) })
  })
  input.addEventListener('change', () => host.emit('change', { value: Number(input.value) }))
  draw()
  return { changed: draw }
}

const checkable = {
  checked: Boolean,
  value: String,
  disabled: Boolean,
  color: String,
  type: { type: String, value: 'switch' },
}
const number = (value: number) => ({ type: Number, value })

export function defineForms(): void {
  define('form', { properties: { reportSubmit: Boolean, reportSubmitTimeout: Number }, mount: mountForm })
  define<{ for: string }>('label', { properties: { for: String }, mount: mountLabel })
  define<Checkable>('switch', { properties: checkable, mount: mountSwitch })
  define<Checkable>('checkbox', { properties: checkable, mount: mountCheckbox })
  define<Checkable>('radio', { properties: checkable, mount: mountRadio })
  define<{ value: unknown }>('checkbox-group', {
    properties: { value: null },
    mount: (host) => mountGroup(host, 'wx-checkbox', false),
  })
  define<{ value: unknown }>('radio-group', {
    properties: { value: null },
    mount: (host) => mountGroup(host, 'wx-radio', true),
  })
  define<SliderProps>('slider', {
    properties: {
      min: number(0),
      max: number(100),
      step: number(1),
      value: number(0),
      disabled: Boolean,
      showValue: Boolean,
      activeColor: String,
      backgroundColor: String,
      blockSize: Number,
      blockColor: String,
      color: String,
      selectedColor: String,
    },
    mount: mountSlider,
  })
}
