/** A list from the server as a page shows it: loading, ready, failed; and acts after which it is read again. */
import { ElMessage, ElMessageBox } from 'element-plus'
import { computed, ref, type Ref } from 'vue'
import type { Paged } from '@/api/admin'
import { i18n } from '@/i18n'
import { problemOf } from '@/stores/problems'

export function useList<T>(read: () => Promise<T[]>) {
  const items = ref([]) as Ref<T[]>
  const state = ref<'loading' | 'ready' | 'failed'>('loading')
  const problem = ref('')

  async function load(): Promise<void> {
    try {
      items.value = await read()
      state.value = 'ready'
    } catch (error) {
      problem.value = problemOf(error)
      state.value = 'failed'
    }
  }

  /** Does it, reads the list again, and says so if it failed. True: it worked. */
  async function act(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work()
      await load()
      return true
    } catch (error) {
      ElMessage.error(problemOf(error))
      return false
    }
  }

  void load()
  /** For `AdminPage`. */
  const page = computed(() => ({
    state: state.value,
    problem: problem.value,
    empty: items.value.length === 0,
    onRetry: load,
  }))
  return { items, page, load, act }
}

/** The same for a list that comes page by page. */
export function usePages<T>(read: (cursor: string) => Promise<Paged<T>>) {
  const cursor = ref('')
  const loadingMore = ref(false)

  async function readFrom(from: string): Promise<T[]> {
    const answer = await read(from)
    cursor.value = answer.cursor
    return answer.items
  }

  const list = useList(() => readFrom(''))

  async function loadMore(): Promise<void> {
    loadingMore.value = true
    try {
      list.items.value.push(...(await readFrom(cursor.value)))
    } catch (error) {
      ElMessage.error(problemOf(error))
    } finally {
      loadingMore.value = false
    }
  }

  const page = computed(() => ({
    ...list.page.value,
    hasMore: cursor.value !== '',
    loadingMore: loadingMore.value,
    onMore: loadMore,
  }))
  return { items: list.items, page }
}

export function confirmed(question: string, yes: string): Promise<boolean> {
  return ElMessageBox.confirm(question, {
    confirmButtonText: yes,
    cancelButtonText: i18n.global.t('common.cancel'),
  }).then(
    () => true,
    () => false,
  )
}
