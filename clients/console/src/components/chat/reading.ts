/** How the messages of a conversation look to who reads them: whose side, read or not, what a line says. */
import { computed, reactive, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { ConversationView, Log, Message } from '@/im'
import { useChat } from '@/stores/chat'
import { useSession } from '@/stores/session'
import { entryText, noticeText } from '../content/notices'
import { preview } from '../content/preview'
import { isBubble, type Row } from './rows'

export function useReading(view: Ref<ConversationView | null>, log: Ref<Log>) {
  const { t } = useI18n()
  const chat = useChat()
  const session = useSession()
  const im = chat.client()
  const me = computed(() => session.user?.id ?? '')
  const kind = computed(() => view.value?.conversation.kind ?? 'direct')

  function isRight(message: Message): boolean {
    if (kind.value !== 'service') return message.sender_id === me.value
    return message.sender_id !== view.value?.conversation.customer_id
  }

  /** Where several people write on one side. */
  function isNamed(message: Message): boolean {
    if (message.sender_id === me.value) return false
    return kind.value === 'group' || (kind.value === 'service' && isRight(message))
  }

  /** Whoever answers has read what stands above: sending moves one's own mark without a word. */
  const readUpTo = computed(() => {
    const answered = log.value.messages.findLast((message) => message.status === 'sent' && !isRight(message))
    return Math.max(view.value?.inbox.peer_read_seq ?? 0, answered?.seq ?? 0)
  })

  /** What the customer said last, until a person has answered: what a bot said between is no answer to it. */
  const asked = computed(() => {
    const said = ({ sender_id }: Message): boolean => chat.user(sender_id)?.kind !== 'bot'
    const last = kind.value === 'service' ? log.value.messages.findLast(said) : undefined
    return last && !isRight(last) && last.content?.type === 'text' ? last.content.text : ''
  })

  function isRead(message: Message): boolean {
    return message.seq > 0 && message.seq <= readUpTo.value
  }

  function mayRecall(message: Message): boolean {
    if (message.status !== 'sent') return false
    const role = view.value?.inbox.role
    if (kind.value === 'group' && (role === 'owner' || role === 'admin')) return true
    const age = Date.now() - message.created_at
    return message.sender_id === me.value && age < im.limits().recall_window_s * 1000
  }

  /** What quoted messages say that are not on the page; asked for once each. */
  const quoted = reactive(new Map<string, string>())

  function quoteText(message: Message): string {
    const quote = message.quote
    if (!quote) return ''
    const held = log.value.messages.find((one) => one.seq === quote.seq)
    if (held) return preview(held.content)
    const key = `${message.conversation_id} ${quote.seq}`
    if (!quoted.has(key)) {
      quoted.set(key, '…')
      im.findMessage(message.conversation_id, quote.seq).then(
        (found) => quoted.set(key, preview(found?.content)),
        () => quoted.delete(key),
      )
    }
    return quoted.get(key) ?? ''
  }

  function recalledText(message: Message): string {
    const by = message.recalled_by ?? ''
    if (!by) return t('content.empty')
    if (by === me.value && by === message.sender_id) return t('chat.recalledByYou')
    const name = chat.nameOf(message.sender_id)
    return by === message.sender_id ? t('chat.recalled', { name }) : t('chat.removed', { actor: chat.nameOf(by), name })
  }

  function isLine(message: Message): boolean {
    return !isBubble(message)
  }

  function lineText(row: Row): string {
    if (row.type === 'notice') return entryText(row.entry, chat.nameOf, view.value?.conversation.customer_id)
    if (row.type !== 'message') return ''
    const { content, sender_id } = row.message
    return content?.type === 'system' ? noticeText(content, chat.nameOf(sender_id)) : recalledText(row.message)
  }

  return { me, kind, asked, isRight, isNamed, isRead, mayRecall, quoteText, isLine, lineText }
}
