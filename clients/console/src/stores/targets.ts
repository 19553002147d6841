/** Tells of targets: an agent of an own case that is about to miss one, an administrator of each that was missed. */
import type { Alarm } from '@chaguan/protocol'
import { ElNotification } from 'element-plus'
import { defineStore } from 'pinia'
import { computed, watch } from 'vue'
import { lasting } from '@/components/quality/figures'
import { i18n } from '@/i18n'
import { useChat } from './chat'
import { type DeskRow, useDesk } from './desk'
import { useSession } from './session'

/** More at once would cover the screen; the wall and the report have them all. */
const MOST_AT_ONCE = 3

export const useTargetAlerts = defineStore('targetAlerts', () => {
  const chat = useChat()
  const desk = useDesk()
  const session = useSession()
  let open: ((path: string) => void) | undefined
  let isQuiet = () => false
  let known: Set<string> | null = null

  const rows = computed(() => [...desk.waiting, ...desk.all])

  function start(openPath: (path: string) => void, quiet: () => boolean): void {
    open = openPath
    isQuiet = quiet
  }

  watch([rows, () => desk.state], ([all, state]) => {
    if (state !== 'ready') {
      known = null
      return
    }
    const found = all.flatMap((row) => (row.case.alarms ?? []).map((alarm) => ({ row, alarm, key: keyOf(row, alarm) })))
    // What was so when the desk was opened is no news.
    const fresh = known ? found.filter(({ row, alarm, key }) => !known?.has(key) && concerns(row, alarm)) : []
    known = new Set(found.map(({ key }) => key))
    if (!isQuiet()) fresh.slice(-MOST_AT_ONCE).forEach(({ row, alarm }) => tell(row, alarm))
  })

  function concerns(row: DeskRow, alarm: Alarm): boolean {
    return desk.isMine(row.case) || (session.isAdmin && alarm.level === 'breached')
  }

  function tell(row: DeskRow, alarm: Alarm): void {
    const { t } = i18n.global
    const what = t(`quality.${alarm.target}`)
    const shown = ElNotification({
      title: t(alarm.level === 'breached' ? 'targets.missed' : 'targets.near', { what }),
      message: t('targets.ofCustomer', {
        name: chat.customerName(row.case.customer_id),
        limit: lasting(alarm.limit_s * 1000),
      }),
      type: alarm.level === 'breached' ? 'error' : 'warning',
      position: 'bottom-right',
      duration: 12_000,
      onClick: () => {
        shown.close()
        open?.(`/desk/${row.case.conversation_id}`)
      },
    })
  }

  return { start }
})

function keyOf(row: DeskRow, alarm: Alarm): string {
  return `${row.case.id} ${alarm.target} ${alarm.level} ${alarm.since}`
}
