/** From message to message by arrow keys, and to what can be done with one: by Enter, or by a finger that stays. */

const LONG_PRESS_MS = 450
const MOVED_PX = 10

/** `menu`: somebody wants to do something with the message of this key. */
export function walk(log: HTMLElement, menu: (key: string) => void): void {
  log.addEventListener('keydown', (event) => {
    const target = event.target as HTMLElement
    const line = target.closest<HTMLElement>('.row')
    if (target === line && (event.key === 'Enter' || event.key === 'ContextMenu' || event.key === ' ')) {
      event.preventDefault()
      menu(keyOf(line))
    } else if (target === log || target === line) step(log, line, event)
  })
  hold(log, menu)
}

const keyOf = ({ dataset }: HTMLElement): string => dataset['key'] ?? ''

function step(log: HTMLElement, from: HTMLElement | null, event: KeyboardEvent): void {
  const lines = [...log.querySelectorAll<HTMLElement>('.row')]
  const at = from ? lines.indexOf(from) : lines.length
  const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: lines.length - 1 }[event.key]
  const line = to === undefined ? undefined : lines[to]
  if (!line) return
  event.preventDefault()
  line.focus({ preventScroll: true })
  line.scrollIntoView({ block: 'nearest' })
}

/** A long press. What the finger rests on is not clicked then. */
function hold(log: HTMLElement, menu: (key: string) => void): void {
  let waits: ReturnType<typeof setTimeout> | undefined
  let held = false
  let from = { x: 0, y: 0 }
  log.addEventListener('pointerdown', ({ target, pointerType, clientX: x, clientY: y }) => {
    held = false
    const bubble = (target as HTMLElement).closest('.bubble')
    const line = bubble?.closest<HTMLElement>('.row')
    if (!line || pointerType === 'mouse') return
    from = { x, y }
    waits = setTimeout(() => {
      held = true
      menu(keyOf(line))
    }, LONG_PRESS_MS)
  })
  log.addEventListener('pointermove', ({ clientX, clientY }) => {
    if (Math.hypot(clientX - from.x, clientY - from.y) > MOVED_PX) clearTimeout(waits)
  })
  for (const name of ['pointerup', 'pointercancel']) log.addEventListener(name, () => clearTimeout(waits))
  const unless = (event: Event) => {
    if (!held) return
    event.preventDefault()
    event.stopPropagation()
  }
  log.addEventListener('click', unless, true)
  log.addEventListener('contextmenu', unless, true)
}
