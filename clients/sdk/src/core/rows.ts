import type { Case, CaseStatus, ConversationView, Entry, Inbox } from '@chaguan/protocol'
import { changeMessage } from './log'

/** Takes a row that the server gave, unless what is held of its parts is newer. */
export function mergeView(held: ConversationView | undefined, view: ConversationView): ConversationView {
  if (!held) return view
  const older = (view.conversation.head_seq || 0) < (held.conversation.head_seq || 0)
  return {
    conversation: older ? held.conversation : view.conversation,
    last: (older ? held.last : view.last) || null,
    case: (older && !isNewer(view.case, held.case) ? held.case : view.case) || null,
    inbox: mergeInbox(held.inbox, view.inbox),
  }
}

function isNewer(a: Case | null | undefined, b: Case | null | undefined): boolean {
  return (a?.version || 0) > (b?.version || 0)
}

/** The newer version of an inbox row; marks never go back. */
export function mergeInbox(held: Inbox, incoming: Inbox): Inbox {
  const [newer, older] = incoming.version >= held.version ? [incoming, held] : [held, incoming]
  return peerRead(markRead(newer, older.read_seq || 0, older.read_ordinal || 0), older.peer_read_seq || 0)
}

/** Who writes has read what stands above it: the server moves that mark without a push of its own. */
export function peerRead(inbox: Inbox, seq: number): Inbox {
  return { ...inbox, peer_read_seq: Math.max(inbox.peer_read_seq || 0, seq) }
}

/** What an entry does to the row of its conversation. Entries that the row already includes change nothing. */
export function entryOnRow(row: ConversationView, entry: Entry, me: string): ConversationView {
  if (entry.seq <= (row.conversation.head_seq || 0)) return row
  const next = { ...row, conversation: { ...row.conversation, head_seq: entry.seq } }
  const { conversation } = next
  switch (entry.type) {
    case 'message_sent':
      next.last = entry
      if (entry.ordinal) {
        conversation.head_ordinal = entry.ordinal
        conversation.last_at = entry.created_at
      }
      if (entry.sender_id === me) next.inbox = markRead(row.inbox, entry.seq, entry.ordinal || 0)
      else if (conversation.kind !== 'group') next.inbox = peerRead(row.inbox, entry.seq)
      return next
    case 'message_edited':
    case 'message_recalled':
    case 'reaction_set':
    case 'messages_erased':
      if (next.last) next.last = changeMessage(next.last, entry)
      return next
    case 'member_joined':
      conversation.member_count = (conversation.member_count || 0) + 1
      return next
    case 'member_left':
      conversation.member_count = Math.max(0, (conversation.member_count || 0) - 1)
      return next
    case 'member_changed':
      if (entry.user_id === me) next.inbox = { ...row.inbox, role: entry.role }
      return next
    case 'conversation_changed':
      conversation.name = entry.name ?? (conversation.name || '')
      conversation.avatar = entry.avatar ?? (conversation.avatar || '')
      return next
    case 'case_changed':
      if (!entry.quiet) next.case = caseAfter(row, entry)
      return next
    case 'floor_raised':
      conversation.floor_seq = Math.max(conversation.floor_seq || 0, entry.floor_seq)
      return next
    default:
      return next
  }
}

const STATUSES: readonly string[] = ['waiting', 'open', 'resolved']

function caseAfter(row: ConversationView, entry: Extract<Entry, { type: 'case_changed' }>): Case {
  const { conversation } = row
  const status = (STATUSES.indexOf(entry.status) < 0 ? 'open' : entry.status) as CaseStatus
  const held: Case =
    row.case?.id === entry.case_id
      ? row.case
      : {
          id: entry.case_id,
          conversation_id: conversation.id,
          shop_id: conversation.shop_id || '',
          customer_id: conversation.customer_id || '',
          status,
          opened_at: entry.created_at,
        }
  const at = entry.created_at
  const times = status === 'resolved' ? { resolved_at: at } : status === 'open' ? { taken_at: at } : {}
  return { ...held, status, agent_id: entry.agent_id || '', ...times }
}

/** Moves my read mark up, never down. */
export function markRead(inbox: Inbox, seq: number, ordinal: number): Inbox {
  const read_seq = Math.max(inbox.read_seq || 0, seq)
  const read_ordinal = Math.max(inbox.read_ordinal || 0, ordinal)
  if (read_seq === (inbox.read_seq || 0) && read_ordinal === (inbox.read_ordinal || 0)) return inbox
  return { ...inbox, read_seq, read_ordinal }
}

/** Messages that I have not read, never below 0. */
export function unreadOf(row: ConversationView): number {
  return Math.max(0, (row.conversation.head_ordinal || 0) - (row.inbox.read_ordinal || 0))
}

/** Order of the list: the latest pin on top, then the latest message. */
export function compareRows(a: ConversationView, b: ConversationView): number {
  const pinned = (b.inbox.pinned_at || 0) - (a.inbox.pinned_at || 0)
  if (pinned) return pinned
  const at = lastAt(b) - lastAt(a)
  if (at) return at
  return a.conversation.id < b.conversation.id ? 1 : -1
}

export function lastAt(row: ConversationView): number {
  return row.conversation.last_at || row.conversation.created_at || 0
}

/** Whether a row belongs in the list. Rows of conversations that are only looked into have no version. */
export function isListed(row: ConversationView, archived: boolean): boolean {
  return row.inbox.version > 0 && !row.inbox.removed && (row.inbox.archived || false) === archived
}
