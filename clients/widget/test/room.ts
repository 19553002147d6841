// The window in jsdom, which lays nothing out: heights are told.
import type { Message } from '@chaguan/sdk'
import { vi } from 'vitest'
import { makeRoom, type Asked } from './fake'

const LINE_PX = 40
const VIEW_PX = 400

/** What the browser would know of the list: every line has the same height. */
function layOut(log: HTMLElement): void {
  // The first child is the note above the lines.
  const height = () => (log.children.length - 1) * LINE_PX
  let top = 0
  const most = () => Math.max(0, height() - VIEW_PX)
  Object.defineProperties(log, {
    clientHeight: { get: () => VIEW_PX },
    scrollHeight: { get: height },
    scrollTop: { get: () => Math.min(top, most()), set: (to: number) => (top = Math.max(0, Math.min(to, most()))) },
  })
  const topOf = (line: HTMLElement) => (Array.prototype.indexOf.call(log.children, line) - 1) * LINE_PX
  Object.defineProperty(HTMLElement.prototype, 'offsetTop', {
    configurable: true,
    get(this: HTMLElement) {
      return this.parentElement === log ? topOf(this) : 0
    },
  })
  HTMLElement.prototype.getBoundingClientRect = function () {
    return new DOMRect(0, this.parentElement === log ? topOf(this) - log.scrollTop : 0, 0, LINE_PX)
  }
}

export function stubBrowser(): void {
  vi.stubGlobal('ResizeObserver', class { observe() {} }) // prettier-ignore
  vi.stubGlobal('matchMedia', () => ({ matches: false }))
  vi.stubGlobal('visualViewport', null)
  Element.prototype.scrollIntoView = () => undefined
  Element.prototype.getClientRects = () => [1] as unknown as DOMRectList
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true
  }
  HTMLDialogElement.prototype.close = function () {
    this.open = false
    this.dispatchEvent(new Event('close'))
  }
}

/** A window over these messages, on the page and open. */
export function openRoom(messages: Message[], asked: Asked = {}) {
  const { room, api, chat, held, wishes } = makeRoom(messages, asked)
  const close = vi.spyOn(wishes, 'close')
  const host = document.createElement('div')
  const root = host.attachShadow({ mode: 'open' })
  root.append(room.frame.element, room.bundle.element, room.deeds.viewer.element)
  document.body.replaceChildren(host)
  const find = <E extends HTMLElement = HTMLElement>(selector: string) => root.querySelector<E>(selector)!
  layOut(find('.log'))
  room.enter()
  room.render()
  return {
    room,
    chat,
    close,
    root,
    find,
    api: {
      loadOlder: vi.spyOn(api, 'loadOlder'),
      around: vi.spyOn(api, 'around'),
      send: vi.spyOn(api, 'send'),
      sendMedia: vi.spyOn(api, 'sendMedia'),
      recall: vi.spyOn(api, 'recall'),
      resend: vi.spyOn(api, 'resend'),
      discard: vi.spyOn(api, 'discard'),
    },
    all: (selector: string) => [...root.querySelectorAll<HTMLElement>(selector)],
    rows: () => [...root.querySelectorAll<HTMLElement>('.row')].map(({ dataset }) => dataset['key']),
    scrollTo(top: number) {
      find('.log').scrollTop = top
      find('.log').dispatchEvent(new Event('scroll'))
    },
    /** The client's window is this from now on. */
    now(next: Message[]) {
      held.messages = next
      room.render()
    },
    key(key: string) {
      root.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
    },
  }
}
