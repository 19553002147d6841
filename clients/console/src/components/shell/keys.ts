/** Single keys as shortcuts, while nobody is typing and no dialog is open. */
import { onBeforeUnmount, onMounted } from 'vue'

export type Keys = Record<string, () => void>

export function useKeys(keys: Keys): void {
  function pressed(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || event.repeat) return
    const work = keys[nameOf(event)]
    if (!work) return
    const typing = isField(event.target)
    if (typing && !event.ctrlKey && !event.metaKey) return
    if (dialogOpen()) return
    event.preventDefault()
    work()
  }

  onMounted(() => window.addEventListener('keydown', pressed))
  onBeforeUnmount(() => window.removeEventListener('keydown', pressed))
}

/** `t`, `?`, `mod+k`; mod is Ctrl, or ⌘ on a Mac. Other combinations belong to the browser. */
export function nameOf(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>): string {
  if (event.altKey) return ''
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  return event.ctrlKey || event.metaKey ? `mod+${key}` : key
}

/** Closed dialogs stay in the page, unseen. */
function dialogOpen(): boolean {
  return [...document.querySelectorAll<HTMLElement>('[role="dialog"][aria-modal="true"]')].some((one) =>
    one.checkVisibility(),
  )
}

function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)
}
