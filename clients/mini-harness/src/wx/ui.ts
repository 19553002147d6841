// Toast, loading, dialogs: drawn over the page, keyboard and screen reader included.
import { assetUrl } from '../runtime/assets'
import { make, overlayRoot } from '../runtime/screen'
import { theme } from '../runtime/theme'
import { word } from '../runtime/words'
import { api, Refusal } from './api'

const SUCCESS =
  '<svg viewBox="0 0 40 40" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"><path d="m9 21 8 8 15-17"/></svg>'
const ERROR =
  '<svg viewBox="0 0 40 40" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"><path d="m11 11 18 18M29 11 11 29"/></svg>'

interface ToastOptions {
  title: string
  icon?: 'success' | 'error' | 'loading' | 'none'
  image?: string
  duration?: number
  mask?: boolean
}

let toast: HTMLElement | undefined
let hiding: ReturnType<typeof setTimeout> | undefined

/** What the toast or loading box says now; empty when there is none. */
export const shownToast = (): string => toast?.textContent ?? ''

function removeToast(): void {
  clearTimeout(hiding)
  toast?.remove()
  toast = undefined
}

function drawToast({ title, icon = 'success', image, duration = 1500, mask }: ToastOptions, lasting: boolean): void {
  removeToast()
  const box = make('div', 'mp-toast')
  box.setAttribute('role', 'status')
  if (image) (make('img', 'mp-toast-icon', box) as HTMLImageElement).src = assetUrl(image, 'app')
  else if (icon === 'loading') make('i', 'mp-toast-icon mp-spinner', box)
  else if (icon !== 'none') make('i', 'mp-toast-icon', box).innerHTML = icon === 'error' ? ERROR : SUCCESS
  make('span', '', box).textContent = title
  const holder = mask ? make('div', 'mp-mask mp-clear') : box
  if (mask) holder.append(box)
  overlayRoot.append(holder)
  toast = holder
  if (!lasting) hiding = setTimeout(removeToast, duration)
}

/** A dialog that keeps the focus, gives it back, and closes on Escape. */
function openDialog<T>(
  className: string,
  label: string,
  build: (box: HTMLElement, close: (value: T) => void) => void,
  onEscape: T,
): Promise<T> {
  return new Promise((resolve) => {
    const before = document.activeElement as HTMLElement | null
    const mask = make('div', className, overlayRoot)
    const close = (value: T) => {
      mask.remove()
      before?.focus?.()
      resolve(value)
    }
    mask.setAttribute('role', 'dialog')
    mask.setAttribute('aria-modal', 'true')
    mask.setAttribute('aria-label', label)
    mask.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') close(onEscape)
      if (event.key === 'Tab') keepFocus(mask, event)
    })
    build(mask, close)
    const targets = focusable(mask)
    ;(mask.querySelector<HTMLElement>('[data-focus]') ?? targets.at(-1))?.focus()
  })
}

function focusable(root: HTMLElement): HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>('button,input,select')]
}

function keepFocus(mask: HTMLElement, event: KeyboardEvent): void {
  const targets = focusable(mask)
  const edge = event.shiftKey ? targets[0] : targets.at(-1)
  if (document.activeElement !== edge) return
  event.preventDefault()
  ;(event.shiftKey ? targets.at(-1) : targets[0])?.focus()
}

function addButton(parent: HTMLElement, text: string, color: string, onClick: () => void): HTMLElement {
  const button = make('button', '', parent)
  button.textContent = text
  button.style.color = color
  button.addEventListener('click', onClick)
  return button
}

interface ModalOptions {
  title?: string
  content?: string
  showCancel?: boolean
  cancelText?: string
  cancelColor?: string
  confirmText?: string
  confirmColor?: string
  editable?: boolean
  placeholderText?: string
}

interface ModalResult {
  confirm: boolean
  cancel: boolean
  content?: string
}

function drawModal(options: ModalOptions): Promise<ModalResult> {
  const { title = '', content = '', editable = false } = options
  return openDialog<ModalResult>(
    'mp-mask',
    title || content,
    (mask, close) => {
      const box = make('div', 'mp-dialog', mask)
      if (title) make('h2', '', box).textContent = title
      const input = editable ? (make('input', '', box) as HTMLInputElement) : undefined
      if (input)
        Object.assign(input, { value: content, placeholder: options.placeholderText ?? '' }).dataset['focus'] = ''
      else if (content) make('p', '', box).textContent = content
      const actions = make('div', 'mp-dialog-actions', box)
      if (options.showCancel !== false)
        addButton(actions, options.cancelText ?? word('cancel'), options.cancelColor ?? '', () =>
          close({ confirm: false, cancel: true }),
        )
      addButton(
        actions,
        options.confirmText ?? word('confirm'),
        options.confirmColor ?? (theme() === 'dark' ? '#8aa0d0' : '#576B95'),
        () => close({ confirm: true, cancel: false, ...(input && { content: input.value }) }),
      )
    },
    { confirm: false, cancel: true },
  )
}

interface SheetOptions {
  itemList: string[]
  itemColor?: string
  alertText?: string
}

async function drawSheet({ itemList, itemColor = '', alertText }: SheetOptions): Promise<{ tapIndex: number }> {
  if (itemList.length > 6) throw new Refusal('parameter error: itemList should not be larger than 6')
  const tapIndex = await openDialog<number>(
    'mp-mask mp-bottom',
    alertText ?? word('actions'),
    (mask, close) => {
      const sheet = make('div', 'mp-sheet', mask)
      if (alertText) make('div', 'mp-sheet-title', sheet).textContent = alertText
      itemList.forEach((text, index) => addButton(sheet, text, itemColor, () => close(index)))
      addButton(sheet, word('cancel'), '', () => close(-1)).className = 'mp-sheet-cancel'
      mask.addEventListener('click', (event) => event.target === mask && close(-1))
    },
    -1,
  )
  if (tapIndex < 0) throw new Refusal('cancel')
  return { tapIndex }
}

/** For the picker component: a sheet whose body the caller draws; undefined when cancelled. */
export function openSheet<T>(label: string, draw: (sheet: HTMLElement) => () => T): Promise<T | undefined> {
  return openDialog<T | undefined>(
    'mp-mask mp-bottom',
    label,
    (mask, close) => {
      const sheet = make('div', 'mp-sheet', mask)
      const read = draw(make('div', 'mp-picker', sheet))
      addButton(sheet, word('confirm'), '#07c160', () => close(read()))
      addButton(sheet, word('cancel'), '', () => close(undefined)).className = 'mp-sheet-cancel'
    },
    undefined,
  )
}

export const ui = {
  showToast: api('showToast', (options: ToastOptions) => drawToast(options, false)),
  hideToast: api('hideToast', removeToast),
  showLoading: api('showLoading', (options: ToastOptions) => drawToast({ ...options, icon: 'loading' }, true)),
  hideLoading: api('hideLoading', removeToast),
  showModal: api('showModal', drawModal),
  showActionSheet: api('showActionSheet', drawSheet),
}
