// input and textarea over the browser's own fields.
import { config } from '../settings'
import { keyboardHeightChanged, lowerKeyboard, raiseKeyboard } from '../keyboard'
import { define, onTap, type Host, type Properties } from './define'

type Field = HTMLInputElement | HTMLTextAreaElement
type Props = {
  value: string
  type: string
  password: boolean
  placeholder: string
  placeholderStyle: string
  placeholderClass: string
  disabled: boolean
  maxlength: number
  cursorSpacing: number
  focus: boolean
  autoFocus: boolean
  confirmType: string
  confirmHold: boolean
  cursor: number
  selectionStart: number
  selectionEnd: number
  adjustPosition: boolean
  holdKeyboard: boolean
  autoHeight: boolean
  showConfirmBar: boolean
  fixed: boolean
  disableDefaultPadding: boolean
  alwaysEmbed: boolean
}

const minusOne = { type: Number, value: -1 }
const properties: Properties = {
  value: { type: String, value: '' },
  type: { type: String, value: 'text' },
  password: Boolean,
  placeholder: String,
  placeholderStyle: String,
  placeholderClass: String,
  disabled: Boolean,
  maxlength: { type: Number, value: 140 },
  cursorSpacing: Number,
  focus: Boolean,
  autoFocus: Boolean,
  confirmType: { type: String, value: 'done' },
  confirmHold: Boolean,
  cursor: minusOne,
  selectionStart: minusOne,
  selectionEnd: minusOne,
  adjustPosition: { type: Boolean, value: true },
  holdKeyboard: Boolean,
  autoHeight: Boolean,
  showConfirmBar: { type: Boolean, value: true },
  fixed: Boolean,
  disableDefaultPadding: Boolean,
  alwaysEmbed: Boolean,
  cursorColor: String,
  safePasswordCertPath: String,
  safePasswordLength: Number,
  safePasswordTimeStamp: Number,
  safePasswordNonce: String,
  safePasswordSalt: String,
  safePasswordCustomHash: String,
  adjustKeyboardTo: String,
}

const KEYPADS: Record<string, string> = { number: 'numeric', digit: 'decimal', idcard: 'text' }
const ENTER_HINTS: Record<string, string> = {
  send: 'send',
  search: 'search',
  next: 'next',
  go: 'go',
  done: 'done',
  return: 'enter',
}

function mountField(host: Host<Props>, field: Field) {
  const multiline = field instanceof HTMLTextAreaElement
  field.className = 'mp-field'
  const hint = document.createElement('div')
  hint.setAttribute('aria-hidden', 'true')
  host.dom.append(field, hint)
  let lines = 0

  const drawHint = () => {
    const { placeholder, placeholderStyle, placeholderClass } = host.props
    const prefix = host.dom.getAttribute('exparser:info-class-prefix') ?? ''
    const classes = placeholderClass
      .split(/\s+/)
      .filter(Boolean)
      .map((name) => prefix + name)
    hint.className = ['mp-placeholder', ...classes].join(' ')
    hint.style.cssText = placeholderStyle
    hint.textContent = placeholder
    hint.hidden = field.value !== ''
    // Read out, and found by tests; the drawn one carries the style.
    field.placeholder = placeholder
  }
  const fit = () => {
    if (!multiline) return
    if (host.props.autoHeight) {
      // A browser's textarea is two rows high unless told otherwise; a phone's is as high as its text.
      ;(field as HTMLTextAreaElement).rows = 1
      host.dom.style.height = 'auto'
      field.style.height = 'auto'
      field.style.height = `${field.scrollHeight}px`
    }
    const lineHeight = parseFloat(getComputedStyle(field).lineHeight) || 20
    const count = Math.max(1, Math.round(field.scrollHeight / lineHeight))
    if (count !== lines && lines !== 0) host.emit('linechange', { height: field.scrollHeight, lineCount: count })
    lines = count
  }
  const apply = () => {
    const { type, password, maxlength, disabled, confirmType } = host.props
    if (!multiline) field.type = password ? 'password' : 'text'
    field.inputMode = KEYPADS[type] ?? 'text'
    field.enterKeyHint = ENTER_HINTS[confirmType] ?? ''
    field.maxLength = maxlength < 0 ? 1_000_000 : maxlength
    field.disabled = disabled
    const label = host.dom.getAttribute('aria-label')
    if (label) field.setAttribute('aria-label', label)
  }
  const write = (value: string) => {
    if (field.value !== value) field.value = value
    drawHint()
    fit()
  }
  const place = () => {
    const { cursor, selectionStart, selectionEnd } = host.props
    if (selectionStart >= 0 && selectionEnd >= 0) field.setSelectionRange(selectionStart, selectionEnd)
    else if (cursor >= 0) field.setSelectionRange(cursor, cursor)
  }
  const tellHeight = ({ height }: { height: number }) => host.emit('keyboardheightchange', { height, duration: 0.25 })

  field.addEventListener('input', () => {
    drawHint()
    fit()
    host.set({ value: field.value })
    host.emit('input', { value: field.value, cursor: field.selectionStart ?? field.value.length, keyCode: 0 })
  })
  field.addEventListener('keydown', (event) => {
    const { key, isComposing } = event as KeyboardEvent
    if (key !== 'Enter' || isComposing || (multiline && host.props.confirmType === 'return')) return
    // In a textarea only a confirm-type other than the default sends; Shift still breaks the line.
    if (multiline && (host.props.confirmType === 'done' || (event as KeyboardEvent).shiftKey)) return
    event.preventDefault()
    host.emit('confirm', { value: field.value })
    if (!host.props.confirmHold && !multiline) field.blur()
  })
  field.addEventListener('focus', () => {
    keyboardHeightChanged.on(tellHeight)
    raiseKeyboard(field, host.props.adjustPosition, host.props.cursorSpacing)
    host.set({ focus: true })
    host.emit('focus', { value: field.value, height: config.keyboardHeight })
  })
  field.addEventListener('blur', () => {
    lowerKeyboard(field)
    keyboardHeightChanged.off(tellHeight)
    if (host.dom.isConnected) host.set({ focus: false })
    host.emit('blur', { value: field.value, cursor: field.selectionStart ?? 0 })
  })
  onTap(host.dom, () => !host.props.disabled && field.focus())

  apply()
  write(host.props.value)
  if (host.props.focus || host.props.autoFocus) requestAnimationFrame(() => field.focus())
  return {
    changed(name: string, value: unknown) {
      if (name === 'value') write(String(value ?? ''))
      else if (name.startsWith('placeholder')) drawHint()
      else if (name === 'focus') setFocus(field, Boolean(value))
      else if (name === 'cursor' || name.startsWith('selection')) place()
      else apply()
    },
    unmounted: () => {
      keyboardHeightChanged.off(tellHeight)
      lowerKeyboard(field)
    },
  }
}

function setFocus(field: Field, on: boolean): void {
  const has = document.activeElement === field
  // After the update that asked for it has been drawn.
  if (on && !has) requestAnimationFrame(() => field.focus())
  if (!on && has) field.blur()
}

export function defineFields(): void {
  define<Props>('input', { properties, mount: (host) => mountField(host, document.createElement('input')) })
  define<Props>('textarea', { properties, mount: (host) => mountField(host, document.createElement('textarea')) })
}
