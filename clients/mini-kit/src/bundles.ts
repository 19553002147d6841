import type { Content, Merged, MergedItem } from '@chaguan/sdk'
import type { Body } from './bodies'
import { kit } from './kit'
import { fill, type Texts } from './texts'
import { momentText } from './times'

/** Lines of a bundle in its bubble. */
const LINES = 4
const LINE_LENGTH = 60

/** `bodyOfContent`, which itself needs this module. */
type BodyOf = (content: Content, texts: Texts) => Body

/** A message of an open bundle, as the view gets it. */
export interface BundleRow {
  key: string
  name: string
  avatar: string
  /** The face and the name stand where somebody begins to speak. */
  first: boolean
  time: string
  label: string
  /** What bubbles look at, as in the message list: others' words, sent long ago. */
  mine: boolean
  status: string
  progress: number
  body: Body
}

/** Whose words they are: 群聊的聊天记录, 小梅和茶友的聊天记录. */
export function bundleTitle({ from_kind, senders }: Merged, texts: Texts): string {
  if (from_kind === 'group' || from_kind === 'room') return texts.recordOfGroup
  const [name, other] = senders.map((sender) => sender.name ?? '').filter(Boolean)
  if (!name) return texts.record
  return other ? fill(texts.recordOfTwo, { name, other }) : fill(texts.recordOf, { name })
}

/** A bundle as one line: in lists, quotes and other bundles. */
export function bundleText(merged: Merged, texts: Texts): string {
  return `${texts.recordMark} ${bundleTitle(merged, texts)}`
}

export function bundleBody(merged: Merged, texts: Texts, bodyOf: BodyOf): Body {
  const title = bundleTitle(merged, texts)
  return {
    kind: 'merged',
    plain: bundleText(merged, texts),
    title,
    lines: merged.items.slice(0, LINES).map((item, id) => ({ id, text: lineOf(merged, item, texts, bodyOf) })),
    note: fill(texts.recordCount, { n: merged.count }),
  }
}

export function bundleRows(merged: Merged, prefix: string, now: number, texts: Texts, bodyOf: BodyOf): BundleRow[] {
  return merged.items.map((item, i) => {
    const before = merged.items[i - 1]
    const { name = '', avatar = '' } = senderOf(merged, item)
    const body = bodyOf(item.content, texts)
    return {
      key: `${prefix}${i}`,
      name: name || texts.someone,
      avatar: kit.link(avatar),
      first: (before?.sender ?? 0) !== (item.sender ?? 0) || i === 0,
      time: momentText(item.created_at, now, texts),
      label: fill(texts.said, { name: name || texts.someone, text: body.plain }),
      mine: false,
      status: '',
      progress: 0,
      body,
    }
  })
}

function lineOf(merged: Merged, item: MergedItem, texts: Texts, bodyOf: BodyOf): string {
  const { name } = senderOf(merged, item)
  const text = bodyOf(item.content, texts).plain.replace(/\s+/g, ' ').slice(0, LINE_LENGTH)
  return name ? fill(texts.said, { name, text }) : text
}

function senderOf(merged: Merged, item: MergedItem): { name?: string; avatar?: string } {
  return merged.senders[item.sender ?? 0] ?? {}
}
