/** What leaves a conversation: messages, answers, edits. Where one writes is `Composer.vue`. */
import { ref, type Ref } from 'vue'
import type { Card, Content, Log, Message, SendOptions } from '@/im'
import { useChat } from '@/stores/chat'
import { useDrafts } from '@/stores/drafts'
import { attempt } from '@/stores/problems'
import { useSession } from '@/stores/session'
import type { Attachment } from './AttachmentTray.vue'

export function useWriting(conversationId: Ref<string>, log: Ref<Log>) {
  const im = useChat().client()
  const drafts = useDrafts()
  const session = useSession()
  const reply = ref<Message | null>(null)
  const editing = ref<Message | null>(null)

  function options(mentions: string[] = []): SendOptions {
    const quote = reply.value
    reply.value = null
    return { ...(mentions.length ? { mentions } : {}), ...(quote ? { quote } : {}) }
  }

  // A message that could not be sent says so itself, in its row; what is thrown here never became one.
  async function send(text: string, mentions: string[], attachments: Attachment[]): Promise<void> {
    const id = conversationId.value
    drafts.set(id, '')
    if (text) await attempt(() => im.send(id, { type: 'text', text }, options(mentions)))
    for (const { file, kind } of attachments) await attempt(() => im.sendMedia(id, file, kind, options()))
  }

  function sendCard(card: Card): Promise<void> {
    return attempt(() => im.send(conversationId.value, card, options()))
  }

  function sendVoice(file: File, durationMs: number): Promise<void> {
    return attempt(() => im.sendMedia(conversationId.value, file, 'voice', { ...options(), durationMs }))
  }

  async function saveEdit(text: string, mentions: string[]): Promise<void> {
    const message = editing.value
    editing.value = null
    const before = message?.content?.type === 'text' ? message.content.text : ''
    const content: Content = { type: 'text', text }
    if (message && text !== before) await attempt(() => im.edit(message, content, mentions))
  }

  function editLast(): void {
    const isMine = ({ sender_id, status, content }: Message) =>
      sender_id === session.user?.id && status === 'sent' && content?.type === 'text'
    editing.value = log.value.messages.findLast(isMine) ?? editing.value
  }

  return { reply, editing, send, sendCard, sendVoice, saveEdit, editLast }
}
