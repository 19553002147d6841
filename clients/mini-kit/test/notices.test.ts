import { describe, expect, test } from 'vitest'
import type { MessageWindow, Notice } from '@chaguan/sdk'
import { bodyOf } from '../src/bodies'
import { linesOf, peopleOf } from '../src/notices'
import { textsOf } from '../src/texts'
import { ME, MEI, message } from './messages'

const at = { conversation_id: 'c1', created_at: 1_800_000_000_000 }
const by = { actor_id: MEI.id, user_id: ME.id, ...at }
const joined: Notice = { type: 'member_joined', seq: 2, ...by }
const renamed: Notice = { type: 'conversation_changed', seq: 4, actor_id: MEI.id, name: '春茶', ...at }
const taken: Notice = { type: 'case_changed', seq: 5, actor_id: MEI.id, case_id: 'k', status: 'open', ...at }

function window(notices: Notice[], unsent = false): MessageWindow {
  const messages = [message(1), message(3), ...(unsent ? [{ ...message(9), seq: 0 }] : [])]
  return { messages, notices, hasOlder: false, hasNewer: false, loading: false }
}

const say = (notice: Notice, language: 'zh-CN' | 'en', me = ME.id) => {
  const line = linesOf(window([notice]), true).find(({ seq }) => seq === notice.seq)!
  return bodyOf(line, me, (id) => [ME, MEI].find((user) => user.id === id)?.name ?? '', textsOf(language)).plain
}

describe('notices', () => {
  test('stand between the messages, before what is not sent yet', () => {
    expect(linesOf(window([joined, renamed], true), true).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 0])
  })

  test('are the same line as long as they are the same notice', () => {
    expect(linesOf(window([joined]), true)[1]).toBe(linesOf(window([joined]), true)[1])
  })

  test('a case is told by messages, and outside groups nobody joins', () => {
    expect(linesOf(window([taken]), true).length).toBe(2)
    expect(linesOf(window([joined]), false).length).toBe(2)
  })

  test('say who did what, in both languages', () => {
    expect(say(joined, 'zh-CN')).toBe('小梅邀请你加入了群聊')
    expect(say(joined, 'en')).toBe('小梅 added you to the group')
    expect(say({ ...joined, actor_id: ME.id }, 'en')).toBe('You joined the group')
    expect(say({ type: 'member_left', seq: 2, ...by }, 'zh-CN', 'u_other')).toBe(`小梅将${ME.name}移出了群聊`)
    expect(say({ type: 'member_changed', seq: 2, role: 'admin', ...by }, 'en')).toBe('小梅 made you an administrator')
    expect(say(renamed, 'zh-CN')).toBe('小梅将群名改为“春茶”')
    expect(say({ ...renamed, name: null, avatar: '/x.png' }, 'en')).toBe('小梅 changed the group picture')
  })

  test('name everybody whom they speak of', () => {
    expect(peopleOf(linesOf(window([joined]), true)[1]!)).toEqual([MEI.id, ME.id])
  })
})
