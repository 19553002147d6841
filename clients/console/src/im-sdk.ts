/** `Im` through `@chaguan/sdk`. Only translation: what the SDK does is not done again here. */
import { browserAdapter, type Client, type ConnectionState, createClient } from '@chaguan/sdk'
import { suggestAnswers } from '@chaguan/sdk/answers'
import { createDesk, type DeskModule } from '@chaguan/sdk/desk'
import { openBundle } from '@chaguan/sdk/forward'
import { addMembers, createGroup, listMembers, removeMember, setMemberRole, updateGroup } from '@chaguan/sdk/groups'
import { createNotes } from '@chaguan/sdk/notes'
import { listContacts, reportUser, setBlock } from '@chaguan/sdk/people'
import { createPresence, type PresenceModule } from '@chaguan/sdk/presence'
import { searchMessages } from '@chaguan/sdk/search'
import type {
  Connection,
  Im,
  ImEvents,
  MediaKind,
  Member,
  MessageSent,
  SendOptions,
  WallListener,
  WechatContact,
} from './im'

export interface ImOptions {
  getToken: (renew: boolean) => Promise<string>
  deviceId: string
  account: string
}

const STATES: Record<ConnectionState, Connection> = {
  connecting: 'connecting',
  waiting: 'connecting',
  online: 'online',
  offline: 'offline',
}

export function createIm({ getToken, deviceId, account }: ImOptions): Im {
  // Staff leave the desk in the background; without its own clock a hidden page would miss what is said.
  const ticker = new Worker(new URL('../../sdk/src/ticker.ts', import.meta.url), { type: 'module' })
  const client = createClient({ endpoint: location.origin, adapter: browserAdapter({ ticker }) })
  const desk = createDesk(client)
  const presence = createPresence(client)

  return {
    start: () => client.signIn({ getToken, deviceId, account }),
    stop: () => client.signOut().finally(() => ticker.terminate()),
    on: (event, listener) => listen({ client, desk, presence }, event, listener),
    connection: () => STATES[client.state],
    limits: () => client.limits,

    user: (id) => client.users.find(id),
    loadUsers: async (ids) => void (await client.users.get(ids)),
    contacts: (query) => listContacts(client, query),
    setBlock: (userId, on) => setBlock(client, userId, on),
    report: (userId, reason, conversationId, seqs) => reportUser(client, userId, reason, { conversationId, seqs }),
    watchPresence: (ids) => presence.watch(ids),

    rows: () => client.conversations.list(),
    archivedRows: () => client.conversations.list({ archived: true }),
    loadArchived: async (cursor) => (await client.conversations.loadMore({ archived: true, cursor })).cursor,
    hasMoreRows: () => client.conversations.hasMore,
    loadMoreRows: async () => void (await client.conversations.loadMore()),
    open: (id) => client.conversations.get(id),
    find: (id) => client.conversations.find(id),
    createDirect: (userId) => client.conversations.createDirect(userId),
    createGroup: (name, memberIds, joinHistory) => createGroup(client, { name, memberIds, joinHistory }),
    updateInbox: async (id, change) => {
      const { pinned, muted, marked_unread, archived } = change
      if (pinned !== undefined) await client.conversations.pin(id, pinned)
      if (muted !== undefined) await client.conversations.mute(id, muted)
      if (marked_unread !== undefined) await client.conversations.markUnread(id, marked_unread)
      if (archived !== undefined) await client.conversations.archive(id, archived)
    },
    rename: (id, name) => updateGroup(client, id, { name }),
    members: (id) => allMembers(client, id),
    addMembers: (id, userIds) => addMembers(client, id, userIds),
    removeMember: (id, userId) => removeMember(client, id, userId),
    setMemberRole: (id, userId, role) => setMemberRole(client, id, userId, role),

    log: (id) => client.messages.list(id),
    observeLog: (id, fn) => client.messages.observe(id, fn),
    loadLatest: async (id) => {
      client.messages.toEnd(id)
      await client.messages.open(id)
    },
    loadOlder: async (id) => void (await client.messages.loadOlder(id)),
    loadNewer: async (id) => void (await client.messages.loadNewer(id)),
    loadAround: async (id, seq) => void (await client.messages.around(id, seq)),
    findMessage: (id, seq) => client.messages.find(id, seq),
    openBundle: (id, seq) => openBundle(client, id, seq),
    refresh: (id, seqs) => client.messages.refresh(id, seqs),
    send: async (id, content, options) => {
      left(client.messages.send(id, content, sendOptions(options)).done)
    },
    sendMedia: async (id, file, kind, options) => {
      const measures = {
        ...(await measure(file, kind)),
        ...(options?.durationMs ? { duration_ms: options.durationMs } : {}),
      }
      left(
        client.messages.sendMedia(
          id,
          { kind, file, name: file.name, size: file.size, ...measures },
          sendOptions(options),
        ).done,
      )
    },
    uploadImage: async (file) => ({ ...(await client.media.upload(file, { kind: 'image' })), type: 'image' }),
    resend: async (_id, key) => void client.messages.resend(key),
    discard: async (_id, key) => void client.messages.discard(key),
    edit: (message, content, mentions) =>
      client.messages.edit(message.conversation_id, message.seq, content, { mentions }),
    recall: (message) => client.messages.recall(message.conversation_id, message.seq),
    react: (message, emoji, on) => client.messages.react(message.conversation_id, message.seq, emoji, on),
    markRead: (id, seq) => client.conversations.markRead(id, seq),
    typing: (id) => client.typing(id),
    search: (query, conversationId, cursor) =>
      searchMessages(client, query, { ...(conversationId ? { conversationId } : {}), cursor }),

    notes: createNotes(client),
    watchDesk: async (shopId) => void (await desk.watch(shopId)),
    cases: (shopId) => [...desk.cases(shopId)],
    queues: (shopId) => desk.queues(shopId),
    line: (queueId) => desk.line(queueId),
    unanswered: (caseId) => desk.unanswered(caseId),
    agents: () => desk.agents(),
    look: (id) => desk.look(id),
    deskView: (id) => desk.view(id),
    takeCase: (id, force) => desk.take(id, { force }),
    resolveCase: (id, outcome, note) => desk.resolve(id, outcome === 'resolved' && !note ? {} : { outcome, note }),
    reopenCase: (id, force) => desk.reopen(id, { force }),
    transferCase: (id, to, note) => desk.transfer(id, to, note),
    openCase: (id, subject) => desk.openCase(id, subject),
    tagCase: (id, change) => desk.tag(id, change),
    caseHistory: (id) => desk.history(id),
    casesOf: (id) => desk.casesOf(id),
    waiting: (id) => desk.waiting(id),
    setAgentState: (state) => desk.setState(state),
    watchWechat: (id, fn) => watchWechat(client, id, fn),
    customerContext: (id, language, refresh) => desk.context(id, language, refresh),
    watchWall: (shopId, listener) => watchWall(client, shopId, listener),
    service: (conversation_id) => client.command<'get_service'>({ type: 'get_service', conversation_id }),
    suggest: (id, tell) => suggestAnswers(client, id, ({ answers }) => tell(answers ?? [])),
    callbacks: (shop_id) => client.command<'list_callbacks'>({ type: 'list_callbacks', shop_id }),
    takeCallback: async (case_id) => {
      const answer = await client.command<'take_callback'>({ type: 'take_callback', case_id })
      client.hold(answer.users, answer.view ? [answer.view] : [])
      return answer.case
    },
  }
}

function watchWechat(client: Client, conversation_id: string, fn: (contact: WechatContact) => void): () => void {
  const ask = () => {
    const asked = client.command<'get_wechat_contact'>({ type: 'get_wechat_contact', conversation_id })
    asked.then(fn).catch(client.report)
  }
  const stops = [
    client.on('connection', ({ state }) => state === 'online' && ask()),
    client.on('push', (push) => {
      if (push.type === 'wechat_contact_changed' && push.contact.conversation_id === conversation_id) fn(push.contact)
    }),
  ]
  if (client.state === 'online') ask()
  return () => stops.forEach((stop) => stop())
}

const ASK_AGAIN_MS = 10_000

/** Asked again after each reconnect, and every ten seconds where that fails: nobody stands beside the screen. */
function watchWall(client: Client, shop_id: string, listener: WallListener): () => void {
  let timer = 0
  const ask = () => {
    clearTimeout(timer)
    client.command<'watch_wall'>({ type: 'watch_wall', shop_id }).then(
      ({ wall, agents, users }) => {
        listener.agents(agents ?? [], users ?? [])
        listener.wall(wall)
      },
      (error: unknown) => {
        listener.failed(error)
        timer = window.setTimeout(ask, ASK_AGAIN_MS)
      },
    )
  }
  const stops = [
    client.on('connection', ({ state }) => state === 'online' && ask()),
    client.on('push', (push) => {
      if (push.type === 'wall_changed' && push.wall.shop_id === shop_id) listener.wall(push.wall)
      if (push.type === 'agents_changed') listener.agents(push.agents, push.users ?? [])
    }),
    () => clearTimeout(timer),
  ]
  if (client.state === 'online') ask()
  return () => stops.forEach((stop) => stop())
}

interface Sources {
  client: Client
  desk: DeskModule
  presence: PresenceModule
}

/** Each of our events from those of the SDK that can cause it. */
function listen<E extends keyof ImEvents>(
  { client, desk, presence }: Sources,
  event: E,
  listener: (payload: ImEvents[E]) => void,
): () => void {
  const sources: { [K in keyof ImEvents]: (tell: (payload: ImEvents[K]) => void) => (() => void)[] } = {
    connection: (tell) => [client.on('connection', ({ state }) => tell(STATES[state]))],
    conversations: (tell) => [client.on('conversation', () => tell(undefined))],
    received: (tell) => [
      client.on('message', ({ message }) => message.sender_id !== client.me?.id && tell(message as MessageSent)),
    ],
    typing: (tell) => [client.on('typing', tell)],
    presence: (tell) => [presence.observe(tell)],
    desk: (tell) => [desk.observe(() => tell(undefined))],
    signedOut: (tell) => [client.on('signed-out', ({ reason }) => tell(reason))],
  }
  const offs = sources[event](listener)
  return () => offs.forEach((off) => off())
}

function sendOptions(options: SendOptions | undefined): { mentions?: string[]; quoteSeq?: number } {
  return {
    ...(options?.mentions ? { mentions: options.mentions } : {}),
    ...(options?.quote ? { quoteSeq: options.quote.seq } : {}),
  }
}

/** A message that fails says so in its own row; the promise would only say it again. */
function left(done: Promise<unknown>): void {
  done.catch(() => undefined)
}

async function allMembers(client: Client, id: string): Promise<Member[]> {
  const members: Member[] = []
  let cursor = ''
  do {
    const page = await listMembers(client, id, { limit: 200, cursor })
    members.push(...page.members)
    cursor = page.cursor
  } while (cursor && members.length < 1_000) // nobody picks from a longer list
  return members
}

/** The size of a picture, so that its room is there before it is uploaded. */
async function measure(file: File, kind: MediaKind): Promise<{ width?: number; height?: number }> {
  if (kind !== 'image') return {}
  const bitmap = await createImageBitmap(file).catch(() => null) // the server will say what is wrong with it
  if (!bitmap) return {}
  const { width, height } = bitmap
  bitmap.close()
  return { width, height }
}
