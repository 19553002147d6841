/** What an agent does with the case before them, and what they are told when it does not work. */
import { ElMessage, ElMessageBox } from 'element-plus'
import { nextTick, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Case, Outcome } from '@/im'
import { useChat } from '@/stores/chat'
import { useDesk } from '@/stores/desk'
import { useDeskList } from '@/stores/deskList'
import { codeOf, problemOf } from '@/stores/problems'

interface Refused {
  agent_id?: string
  reason?: string
  load?: number
  capacity?: number
  case_id?: string
  limit?: number
}

export function useActing() {
  const { t } = useI18n()
  const desk = useDesk()
  const list = useDeskList()
  const chat = useChat()
  const busy = ref(false)

  /** True: it worked. One thing at a time: a second key press is not a second act. */
  async function act(work: () => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    const focus = document.activeElement
    try {
      await work()
      return true
    } catch (error) {
      told(error)
      return false
    } finally {
      busy.value = false
      void nextTick(() => keepFocus(focus))
    }
  }

  /** A button that goes with what it did must not take the focus to nowhere. */
  function keepFocus(before: Element | null): void {
    if (before !== document.body && document.activeElement === document.body) document.getElementById('main')?.focus()
  }

  /** A colleague who was faster is no error: one quiet line. */
  function told(error: unknown): void {
    const data = (error as { data?: Refused }).data ?? {}
    if (codeOf(error) !== 'conflict') ElMessage.error(problemOf(error))
    else if (data.reason === 'agent_gone')
      ElMessage.warning(t('acting.gone', { name: chat.nameOf(data.agent_id ?? '') }))
    else if (data.reason === 'no_place')
      ElMessage.warning(t('acting.noPlace', { load: data.load ?? 0, capacity: data.capacity ?? 0 }))
    else if (data.agent_id) ElMessage.info(t('desk.takenBy', { name: chat.nameOf(data.agent_id) }))
    else if (data.case_id) ElMessage.info(t('acting.another'))
    else if (data.limit) ElMessage.warning(t('acting.tooMany', { count: data.limit }))
    else ElMessage.error(problemOf(error))
  }

  /** Asks before going beyond one's capacity, then tries again with force. */
  async function withPlace(work: (force: boolean) => Promise<unknown>): Promise<unknown> {
    try {
      return await work(false)
    } catch (error) {
      const { reason, load = 0, capacity = 0 } = (error as { data?: Refused }).data ?? {}
      if (codeOf(error) !== 'conflict' || reason !== 'no_place') throw error
      if (!(await sure(t('acting.full', { load, capacity }), t('acting.fullYes')))) return undefined
      return work(true)
    }
  }

  function sure(question: string, yes: string): Promise<boolean> {
    return ElMessageBox.confirm(question, { confirmButtonText: yes, cancelButtonText: t('common.cancel') }).then(
      () => true,
      () => false,
    )
  }

  return {
    busy,
    act,
    sure,
    take: (one: Case, force: boolean) =>
      act(async () => {
        await (force ? desk.take(one, true) : withPlace((over) => desk.take(one, over)))
        if (desk.casesIn(one.conversation_id).some(desk.isMine)) list.tab = 'mine'
      }),
    reopen: (one: Case) =>
      act(async () => {
        await withPlace((over) => desk.reopen(one, over))
        if (desk.casesIn(one.conversation_id).some(desk.isMine)) list.tab = 'mine'
      }),
    resolve: (one: Case, outcome: Outcome = 'resolved', note = '') =>
      act(async () => {
        await desk.resolve(one, outcome, note)
        ElMessage.success(t('desk.resolvedToast'))
      }),
    transfer: (one: Case, to: { agentId: string } | { queueId: string }, note: string) =>
      act(async () => {
        await desk.transfer(one, to, note)
        ElMessage.success(t('acting.passed'))
      }),
    openTopic: (conversationId: string, subject: string) => act(() => desk.openCase(conversationId, subject)),
  }
}
