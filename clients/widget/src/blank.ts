/** What stands instead of messages: loading, nobody signed in, nothing said yet, no answer. */
import type { Phase } from './chat'
import { h, icon } from './dom'
import type { Texts } from './texts'

export interface Blank {
  title: string
  text: string
  busy?: boolean
  retry?: boolean
  /** Where one signs in. */
  link?: { label: string; url: string } | undefined
}

export function blankOf(phase: Phase, signInUrl: string, texts: Texts): Blank {
  switch (phase) {
    case 'nobody': {
      const link = signInUrl ? { label: texts.signIn, url: signInUrl } : undefined
      return { title: texts.nobodyTitle, text: texts.nobody, retry: !link, link }
    }
    case 'ended':
      return { title: texts.endedTitle, text: texts.ended, retry: true }
    case 'failed':
      return { title: texts.failedTitle, text: texts.failed, retry: true }
    case 'off':
    case 'starting':
    case 'ready':
      return { title: texts.loading, text: '', busy: true }
  }
}

export function drawBlank({ title, text, busy, retry, link }: Blank, again: string, onclick: () => void): Node[] {
  const sign = busy
    ? h('span', { class: 'spinner', 'aria-hidden': 'true' })
    : h('span', { class: 'face large', 'aria-hidden': 'true' }, icon('chat'))
  const found: Node[] = [sign, h('b', {}, title), h('p', {}, text)]
  if (link) found.push(h('a', { class: 'plain strong', href: link.url }, link.label))
  if (retry) found.push(h('button', { type: 'button', class: 'plain', onclick }, again))
  return found
}
