/** What a bundle of forwarded messages is called, and who speaks in it. Pure. */
import type { Merged, MergedItem } from '@chaguan/sdk'
import { fill, type Texts } from './texts'

export function bundleTitle({ from_kind, senders }: Merged, texts: Texts): string {
  if (from_kind === 'group' || from_kind === 'room') return texts.bundleOfGroup
  const [name, other] = senders.map((sender) => sender.name ?? '').filter(Boolean)
  if (!name) return texts.bundle
  return other ? fill(texts.bundleOfTwo, { name, other }) : fill(texts.bundleOf, { name })
}

/** As they were called and looked when the bundle was made. */
export function senderOf(merged: Merged, item: MergedItem, texts: Texts): { name: string; avatar: string } {
  const { name = '', avatar = '' } = merged.senders[item.sender ?? 0] ?? {}
  return { name: name || texts.someone, avatar }
}

/** The bundle inside of one to which a path of items leads. */
export function inside(merged: Merged, path: readonly number[]): Merged {
  return path.reduce((outer, at) => {
    const content = outer.items[at]?.content
    return content?.type === 'merged' ? content : outer
  }, merged)
}
