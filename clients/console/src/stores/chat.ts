/** The living connection: its state, the conversation rows, people, typing, presence. Logs are in `logs.ts`. */
import { defineStore } from 'pinia'
import { computed, ref, shallowReactive, shallowRef } from 'vue'
import { i18n } from '@/i18n'
import { type Connection, type ConversationView, type Im, type MessageSent, unreadOf, type User } from '@/im'
import { createIm } from '@/im-sdk'
import { deviceId } from './device'
import { useSession, type SignedOutReason } from './session'

export const useChat = defineStore('chat', () => {
  const session = useSession()
  const im = shallowRef<Im | null>(null)
  const connection = ref<Connection>('connecting')
  const ready = ref(false)
  const rows = shallowRef<ConversationView[]>([])
  const hasMore = ref(false)
  const archivedRows = shallowRef<ConversationView[]>([])
  /** Where the next page of archived conversations begins; null: none was read yet. */
  const archivedCursor = ref<string | null>(null)
  const typers = shallowReactive(new Map<string, string[]>())
  const online = shallowReactive(new Map<string, { online: boolean; seen_at: number }>())
  /** Grows with every change of people, so that names shown are read again. */
  const people = ref(0)
  const receivers = new Set<(message: MessageSent) => void>()
  let offs: (() => void)[] = []

  const chats = computed(() => rows.value.filter((row) => row.conversation.kind !== 'service'))
  const archived = computed(() => archivedRows.value.filter((row) => row.conversation.kind !== 'service'))
  const unread = computed(() => chats.value.reduce((sum, row) => sum + (row.inbox.muted ? 0 : unreadCount(row)), 0))

  function client(): Im {
    if (!im.value) throw new Error('the messenger is used before it was started')
    return im.value
  }

  async function start(): Promise<void> {
    if (im.value) return
    const created = createIm({ getToken: session.token, deviceId: deviceId(), account: session.user?.id ?? '' })
    im.value = created
    offs = listen(created)
    await created.start()
    connection.value = created.connection()
    refresh()
    // What was kept from the last time is shown at once; an empty list only once the server has said so.
    if (rows.value.length > 0) ready.value = true
  }

  async function stop(): Promise<void> {
    const current = im.value
    if (!current) return
    offs.forEach((off) => off())
    im.value = null
    ready.value = false
    rows.value = []
    archivedRows.value = []
    archivedCursor.value = null
    typers.clear()
    online.clear()
    await current.stop()
  }

  function listen(source: Im): (() => void)[] {
    return [
      source.on('connection', (state) => {
        connection.value = state
        if (state === 'online') ready.value = true
      }),
      source.on('conversations', refresh),
      source.on('typing', ({ conversation_id, user_ids }) => typers.set(conversation_id, user_ids)),
      source.on('presence', (presence) =>
        online.set(presence.user_id, { online: presence.online, seen_at: presence.seen_at ?? 0 }),
      ),
      source.on('received', (message) => receivers.forEach((receive) => receive(message))),
      source.on('signedOut', (reason) => session.end(asReason(reason))),
    ]
  }

  function refresh(): void {
    const current = im.value
    if (!current) return
    rows.value = current.rows()
    hasMore.value = current.hasMoreRows()
    archivedRows.value = current.archivedRows()
    people.value += 1
  }

  async function loadArchived(): Promise<void> {
    archivedCursor.value = await client().loadArchived(archivedCursor.value ?? '')
  }

  function onReceived(receive: (message: MessageSent) => void): () => void {
    receivers.add(receive)
    return () => receivers.delete(receive)
  }

  function typing(conversationId: string): string[] {
    return (typers.get(conversationId) ?? []).filter((id) => id !== session.user?.id)
  }

  function user(id: string): User | undefined {
    void people.value
    const known = id === session.user?.id ? session.user : im.value?.user(id)
    if (!known && id) askAbout(id)
    return known
  }

  /** A push names its sender by id alone: who that is, is asked once, together with others seen in the same moment. */
  const asked = new Set<string>()
  let asking: string[] = []
  function askAbout(id: string): void {
    const client = im.value
    if (!client || asked.has(id)) return
    asked.add(id)
    asking.push(id)
    if (asking.length > 1) return
    setTimeout(() => {
      const ids = asking
      asking = []
      client.loadUsers(ids).then(
        () => (people.value += 1),
        () => ids.forEach((one) => asked.delete(one)),
      )
    })
  }

  function nameOf(id: string): string {
    const known = user(id)
    return known ? callOf(known) : i18n.global.t('common.unknownUser')
  }

  /** A customer need not have a name. */
  function callOf({ name, kind }: User): string {
    return name || i18n.global.t(kind === 'customer' ? 'common.guest' : 'common.unknownUser')
  }

  function customerName(id: string): string {
    return user(id)?.name || i18n.global.t('common.guest')
  }

  function titleOf(view: ConversationView): string {
    const { kind, name, customer_id } = view.conversation
    if (kind === 'direct') return nameOf(view.inbox.peer_id ?? '')
    if (kind === 'service') return customerName(customer_id ?? '')
    return name || i18n.global.t('chat.newGroup')
  }

  function avatarOf(view: ConversationView): string {
    const { kind, avatar, customer_id } = view.conversation
    if (kind === 'direct') return user(view.inbox.peer_id ?? '')?.avatar ?? ''
    if (kind === 'service') return user(customer_id ?? '')?.avatar ?? ''
    return avatar ?? ''
  }

  return {
    im,
    client,
    connection,
    ready,
    rows,
    hasMore,
    chats,
    archived,
    archivedCursor,
    loadArchived,
    unread,
    online,
    start,
    stop,
    onReceived,
    typing,
    user,
    nameOf,
    callOf,
    customerName,
    titleOf,
    avatarOf,
  }
})

export function unreadCount(row: ConversationView): number {
  return unreadOf(row.conversation, row.inbox) || (row.inbox.marked_unread ? 1 : 0)
}

function asReason(reason: string): SignedOutReason {
  return reason === 'disabled' || reason === 'password_changed' || reason === 'expired' ? reason : 'revoked'
}
