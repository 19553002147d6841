/** Bundles of forwarded messages: what they are called and what stands in them. */
import type { Merged, MergedItem } from '@chaguan/protocol'
import { i18n } from '@/i18n'
import type { Message } from '@/im'

export interface BundleItem {
  id: string
  name: string
  avatar: string
  /** Somebody else begins to speak. */
  first: boolean
  /** As the views of content take it. */
  message: Message
}

export function bundleTitle({ from_kind, senders }: Merged): string {
  const { t } = i18n.global
  if (from_kind === 'group' || from_kind === 'room') return t('bundle.ofGroup')
  const [name, other] = senders.map((sender) => sender.name ?? '').filter(Boolean)
  if (!name) return t('bundle.plain')
  return other ? t('bundle.ofTwo', { name, other }) : t('bundle.of', { name })
}

/** The bundle inside of `merged` that a path of items leads to. */
export function inside(merged: Merged, path: readonly number[]): Merged {
  return path.reduce((outer, index) => {
    const content = outer.items[index]?.content
    return content?.type === 'merged' ? content : outer
  }, merged)
}

/** `key` is the message's own, so that what plays in one bundle does not play in another. */
export function bundleItems(merged: Merged, key: string): BundleItem[] {
  return merged.items.map((item, i) => ({
    id: `${key}.${i}`,
    first: (merged.items[i - 1]?.sender ?? 0) !== (item.sender ?? 0) || i === 0,
    ...senderOf(merged, item),
    message: messageOf(item, `${key}.${i}`),
  }))
}

/** As they were called and looked when the bundle was made. */
export function senderOf(merged: Merged, item: MergedItem): { name: string; avatar: string } {
  const { name = '', avatar = '' } = merged.senders[item.sender ?? 0] ?? {}
  return { name: name || i18n.global.t('bundle.someone'), avatar }
}

function messageOf({ content, created_at }: MergedItem, key: string): Message {
  return {
    type: 'message_sent',
    conversation_id: '',
    seq: 0,
    sender_id: '',
    client_msg_id: key,
    created_at,
    content,
    status: 'sent',
    error: null,
    progress: 1,
    local_path: '',
  }
}
