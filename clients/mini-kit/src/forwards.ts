import type { Client, Content, Merged, Message } from '@chaguan/sdk'
import type { ForwardRequest } from '@chaguan/sdk/forward'
import { kit } from './kit'

/** Copies on their way, in the order in which the server writes them. */
interface Run {
  client: Client
  to: string
  /** What stood in the log before them. */
  after: number
  copies: Message[]
}

/** A push that is later than this is none: by then the log has been asked again. */
const LATE_MS = 5000
const runs = new Set<Run>()
const listeners = new Set<(conversationId: string) => void>()

/** Hears where copies are to be seen or gone; the answer ends it. */
export function onForwarding(listener: (conversationId: string) => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/**
 * Shows what is being forwarded where it goes to, as what one writes oneself. Answers with what ends it: given how many
 * the log has, they stay until they are there; else they go.
 */
export function showForwarding(client: Client, request: Required<ForwardRequest>): (sent?: number) => void {
  const { from, to, seqs, merged } = request
  const said = client.messages.list(from).messages.filter(({ seq, content }) => content && seqs.indexOf(seq) >= 0)
  const contents = merged ? [bundleOf(client, from, said)] : said.map(({ content }) => content as Content)
  const after = client.conversations.find(to)?.last?.seq ?? 0
  const run: Run = { client, to, after, copies: contents.map((content, i) => copyOf(client, request, content, i)) }
  runs.add(run)
  tell(to)
  const end = () => {
    runs.delete(run)
    tell(to)
  }
  return (sent = 0) => {
    run.copies.length = Math.min(run.copies.length, sent)
    if (sent) setTimeout(end, LATE_MS)
    else end()
  }
}

/** Of the copies that go to a conversation those that these lines do not have yet. */
export function waitingIn(conversationId: string, lines: readonly Message[]): Message[] {
  let waiting: Message[] = []
  runs.forEach(({ client, to, after, copies }) => {
    if (to !== conversationId || client !== kit.client) return
    const arrived = lines.filter(({ seq, sender_id }) => seq > after && sender_id === client.me?.id)
    waiting = waiting.concat(copies.slice(arrived.length))
  })
  return waiting
}

function tell(conversationId: string): void {
  listeners.forEach((listener) => listener(conversationId))
}

function copyOf(client: Client, { to, key }: Required<ForwardRequest>, content: Content, i: number): Message {
  return {
    type: 'message_sent',
    conversation_id: to,
    // The first copy is stored under the key of the command.
    client_msg_id: i ? `${key}-${i}` : key,
    sender_id: client.me?.id ?? '',
    seq: 0,
    created_at: Date.now(),
    content,
    status: 'sending',
    error: null,
    progress: 1,
    local_path: '',
  }
}

/** As the server makes it, as far as its bubble shows it. */
function bundleOf(client: Client, from: string, said: readonly Message[]): Merged {
  const ids = Array.from(new Set(said.map(({ sender_id }) => sender_id)))
  return {
    type: 'merged',
    from_kind: client.conversations.find(from)?.conversation.kind ?? 'direct',
    count: said.length,
    senders: ids.map((id) => ({ name: client.users.find(id)?.name ?? '' })),
    items: said.map(({ sender_id, created_at, content }) => ({
      sender: ids.indexOf(sender_id),
      created_at,
      content: content as Content,
    })),
  }
}

kit.onForget(() => runs.clear())
