/** Which shop a page of administration is about: the only one, or the chosen. */
import { computed, ref, watch, type Ref } from 'vue'
import { shopsApi, type Shop } from '@/api/admin'
import { useSession } from '@/stores/session'
import { useList } from './list'

export function useShop() {
  const chosen = ref('')
  const shops = useList(async (): Promise<Shop[]> => {
    const found = await shopsApi(useSession().call).shops()
    if (!found.some(({ id }) => id === chosen.value)) chosen.value = found[0]?.id ?? ''
    return found
  })
  return { chosen, shops }
}

/** What is settled about the chosen shop: read when it is chosen, kept as it is being changed. */
export function useSettings<T>(shop: Ref<string>, read: (shop: string) => Promise<T>) {
  const settings = ref<T | null>(null) as Ref<T | null>
  const list = useList(async (): Promise<T[]> => {
    if (!shop.value) return []
    settings.value = await read(shop.value)
    return [settings.value]
  })
  watch(shop, () => void list.load())
  // Before a shop is known there is nothing to show, and nothing is missing either.
  const page = computed(() => {
    const { state, ...more } = list.page.value
    return { ...more, state: state === 'ready' && !settings.value ? ('loading' as const) : state, empty: false }
  })
  return { settings, page }
}

export function listed(text: string): string[] {
  return [...new Set(text.split(/[,，、\n]/).map((word) => word.trim()))].filter(Boolean)
}
