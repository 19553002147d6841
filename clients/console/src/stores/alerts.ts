/** How a person is told while they look elsewhere: the title, a soft sound, a notification. */
import { ElNotification } from 'element-plus'
import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { preview } from '@/components/content/preview'
import { i18n } from '@/i18n'
import type { MessageSent, Note } from '@/im'
import { useChat } from './chat'
import { chime } from './chime'
import { type DeskRow, useDesk } from './desk'
import { useSession } from './session'
import { useSettings } from './settings'

export const useAlerts = defineStore('alerts', () => {
  const chat = useChat()
  const desk = useDesk()
  const session = useSession()
  const settings = useSettings()
  const permission = ref(typeof Notification === 'undefined' ? 'denied' : Notification.permission)
  /** What the live region says; screen readers read every change. */
  const spoken = ref('')
  const pending = computed(() => chat.unread + desk.waiting.length + desk.unreadMine)
  let known: Set<string> | null = null
  let open: (path: string) => void = () => undefined
  /** Whether a screen is shown that strangers see, too. */
  let isQuiet = () => false
  let toast: { close: () => void } | undefined

  function start(openPath: (path: string) => void, quiet: () => boolean): void {
    open = openPath
    isQuiet = quiet
    chat.onReceived(received)
  }

  watch([() => desk.waiting, () => desk.state], ([rows, state]) => {
    if (state !== 'ready') {
      known = null
      return
    }
    // Who waited already when the desk was opened is seen there; only who comes then is news.
    const fresh = known ? rows.filter((row) => !known?.has(row.case.id)) : []
    known = new Set(rows.map((row) => row.case.id))
    fresh.forEach(waiting)
  })
  watch([pending, () => i18n.global.locale.value], () => {
    const title = i18n.global.t('app.title')
    document.title = pending.value > 0 ? `(${pending.value > 99 ? '99+' : pending.value}) ${title}` : title
  })

  function waiting(row: DeskRow): void {
    const name = chat.customerName(row.case.customer_id)
    const text = preview(row.view?.last?.content)
    spoken.value = `${i18n.global.t('desk.newWaiting')}: ${name}`
    if (settings.sound && document.hidden) chime()
    notify(i18n.global.t('desk.newWaiting'), `${name} ${text}`.trim(), `/desk/${row.case.conversation_id}`)
  }

  function received(message: MessageSent): void {
    // Own words from another device, and what the deployment notes, are no news.
    if (message.sender_id === session.user?.id || message.content?.type === 'system') return
    const row = chat.rows.find((one) => one.conversation.id === message.conversation_id)
    if (row?.inbox.muted) return
    const name = chat.nameOf(message.sender_id)
    spoken.value = i18n.global.t('chat.live', { name, text: preview(message.content) })
    if (!document.hidden) return
    if (settings.sound) chime()
    const place = row?.conversation.kind === 'service' || !row ? 'desk' : 'messages'
    notify(name, preview(message.content), `/${place}/${message.conversation_id}`)
  }

  /** A colleague named me in a note, or a supervisor whispered to me; and I look elsewhere. */
  function colleague(what: 'mentioned' | 'whispered', note: Note): void {
    if (isQuiet()) return
    const title = i18n.global.t(`notes.${what}By`, { name: chat.nameOf(note.author_id) })
    const path = `/desk/${note.conversation_id}`
    spoken.value = `${title}: ${note.text ?? ''}`
    if (settings.sound && document.hidden) chime()
    notify(title, note.text ?? '', path)
    // One at a time, the bell has all of them; and who comes back to the page shall still find it.
    toast?.close()
    const told = ElNotification({
      title,
      message: note.text ?? '',
      duration: document.hidden ? 0 : 8_000,
      onClick: () => {
        told.close()
        open(path)
      },
    })
    toast = told
  }

  function notify(title: string, body: string, path: string): void {
    if (!document.hidden || !settings.notify || permission.value !== 'granted') return
    const shown = new Notification(title, { body, tag: path, icon: `${import.meta.env.BASE_URL}favicon.svg` })
    shown.onclick = () => {
      window.focus()
      open(path)
      shown.close()
    }
  }

  async function ask(): Promise<void> {
    if (typeof Notification !== 'undefined') permission.value = await Notification.requestPermission()
  }

  return { permission, spoken, start, colleague, ask }
})
