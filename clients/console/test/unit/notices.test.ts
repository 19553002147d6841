/** What a conversation tells between its messages. */
import { beforeEach, expect, it } from 'vitest'
import { entryText } from '@/components/content/notices'
import { i18n } from '@/i18n'
import type { Entry } from '@/im'

const waits = (actor_id: string): Entry => ({
  type: 'case_changed',
  actor_id,
  case_id: 'k',
  status: 'waiting',
  conversation_id: 's_1',
  seq: 3,
  created_at: 0,
})
const told = (actor: string) => entryText(waits(actor), (id) => id, 'u_customer')

beforeEach(() => (i18n.global.locale.value = 'en'))

it('a consultation begins with its customer, and only waits when a bot or a colleague puts it into the line', () => {
  expect(told('u_customer')).toBe('The customer started a consultation')
  expect(told('u_bot')).toBe('The consultation waits for an agent')
  expect(told('')).toBe('The consultation waits for an agent')
})
