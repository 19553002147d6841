import type { Merged } from '@chaguan/protocol'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundleItems, bundleTitle, inside } from '@/components/content/bundles'
import { i18n } from '@/i18n'

const text = (said: string, sender = 0) => ({ sender, created_at: 1, content: { type: 'text' as const, text: said } })
const merged = (items: Merged['items'], senders: Merged['senders'], kind: Merged['from_kind'] = 'direct'): Merged => ({
  type: 'merged',
  from_kind: kind,
  count: items.length,
  senders,
  items,
})
const inner = merged([text('里面')], [{ name: '小梅' }])
const outer = merged(
  [text('一'), text('二'), text('三', 1), { sender: 1, created_at: 2, content: inner }],
  [{ name: '小梅' }, { name: '茶友' }],
)

beforeAll(() => {
  i18n.global.locale.value = 'zh-CN'
})

describe('bundles', () => {
  it('are called by whose words they are', () => {
    expect(bundleTitle(outer)).toBe('小梅和茶友的聊天记录')
    expect(bundleTitle(inner)).toBe('小梅的聊天记录')
    expect(bundleTitle(merged([text('x')], [{}]))).toBe('聊天记录')
    expect(bundleTitle(merged([text('x')], [{ name: '小梅' }], 'group'))).toBe('群聊的聊天记录')
  })

  it('name who begins to speak, and give each line a key of its own', () => {
    const items = bundleItems(outer, 'b')
    expect(items.map(({ first, name }) => [first, name])).toEqual([
      [true, '小梅'],
      [false, '小梅'],
      [true, '茶友'],
      [false, '茶友'],
    ])
    expect(new Set(items.map(({ message }) => message.client_msg_id)).size).toBe(4)
  })

  it('lead into each other, and nowhere where there is none', () => {
    expect(inside(outer, [3])).toBe(inner)
    expect(inside(outer, [])).toBe(outer)
    expect(inside(outer, [0])).toBe(outer)
    expect(inside(outer, [3, 9])).toBe(inner)
  })
})
