/** What of the desk one looks at: which list, filtered and sorted how; and the filters an agent has kept. */
import { defineStore } from 'pinia'
import { computed, reactive, ref } from 'vue'
import {
  compare,
  type Filter,
  isFiltered,
  isIn,
  matches,
  noFilter,
  type SavedFilter,
  type Tab,
} from '@/components/desk/listing'
import { useDesk } from './desk'
import { useNow } from './now'
import { useSession } from './session'
import { useSettings } from './settings'

export const TABS: Tab[] = ['mine', 'waiting', 'all']
const MOST_SAVED = 20

export const useDeskList = defineStore('deskList', () => {
  const desk = useDesk()
  const session = useSession()
  const settings = useSettings()
  const now = useNow()
  const tab = ref<Tab>('waiting')
  const filter = reactive<Filter>(noFilter())

  const me = computed(() => session.user?.id ?? '')
  const filtered = computed(() => isFiltered(filter))
  /** The time counts only where a filter goes by it; else the list would be sorted anew each second. */
  const at = computed(() => (filter.over > 0 ? now.second : 0))
  const rows = computed(() =>
    desk.rows
      .filter((row) => isIn(tab.value, row.case, me.value) && matches(row, filter, at.value))
      .sort(compare(settings.deskSort)),
  )
  const counts = computed(() => {
    const found: Record<Tab, number> = { mine: 0, waiting: 0, all: 0 }
    for (const row of desk.rows) for (const one of TABS) if (isIn(one, row.case, me.value)) found[one] += 1
    return found
  })
  const saved = computed<SavedFilter[]>(() => settings.deskFilters[me.value] ?? [])
  /** Changes with whatever an agent asks to see, and with nothing else. */
  const asked = computed(() => JSON.stringify([tab.value, filter, settings.deskSort, desk.shopId]))

  function apply({ tab: wanted, filter: kept }: SavedFilter): void {
    tab.value = wanted
    Object.assign(filter, noFilter(), JSON.parse(JSON.stringify(kept)))
  }

  function clear(): void {
    Object.assign(filter, noFilter())
  }

  function save(name: string): void {
    const one: SavedFilter = { name, tab: tab.value, filter: JSON.parse(JSON.stringify(filter)) as Filter }
    write([...saved.value.filter((other) => other.name !== name), one].slice(-MOST_SAVED))
  }

  function forget(name: string): void {
    write(saved.value.filter((one) => one.name !== name))
  }

  function write(next: SavedFilter[]): void {
    settings.deskFilters = { ...settings.deskFilters, [me.value]: next }
  }

  return { tab, filter, filtered, rows, counts, saved, asked, apply, clear, save, forget }
})
