/** What this browser remembers of one's taste: theme, sound, notifications, columns. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { SavedFilter, Sort } from '@/components/desk/listing'

export type Theme = 'auto' | 'light' | 'dark'

const STORED = 'chaguan.settings'

interface Stored {
  theme: Theme
  sound: boolean
  notify: boolean
  context: boolean
  /** The shop at whose desk one sits, where there are several. */
  shop: string
  deskSort: Sort
  /** By the agent who kept them: several share a computer. */
  deskFilters: Record<string, SavedFilter[]>
}

export const useSettings = defineStore('settings', () => {
  const stored = restore()
  const theme = ref<Theme>(stored.theme)
  const sound = ref(stored.sound)
  const notify = ref(stored.notify)
  const context = ref(stored.context)
  const shop = ref(stored.shop)
  const deskSort = ref(stored.deskSort)
  const deskFilters = shallowRef(stored.deskFilters)
  const system = matchMedia('(prefers-color-scheme: dark)')
  const systemDark = ref(system.matches)
  system.addEventListener('change', (event) => (systemDark.value = event.matches))
  const dark = computed(() => theme.value === 'dark' || (theme.value === 'auto' && systemDark.value))

  watch(dark, (on) => document.documentElement.classList.toggle('dark', on), { immediate: true })
  watch([theme, sound, notify, context, shop, deskSort, deskFilters], () => {
    const kept: Stored = {
      theme: theme.value,
      sound: sound.value,
      notify: notify.value,
      context: context.value,
      shop: shop.value,
      deskSort: deskSort.value,
      deskFilters: deskFilters.value,
    }
    localStorage.setItem(STORED, JSON.stringify(kept))
  })

  return { theme, sound, notify, context, shop, deskSort, deskFilters, dark }
})

function restore(): Stored {
  const defaults: Stored = {
    theme: 'auto',
    sound: true,
    notify: true,
    context: true,
    shop: '',
    deskSort: 'wait',
    deskFilters: {},
  }
  try {
    return { ...defaults, ...(JSON.parse(localStorage.getItem(STORED) ?? '{}') as Partial<Stored>) }
  } catch {
    return defaults
  }
}
