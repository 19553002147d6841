/** A list from the server as a page shows it: loading, ready, failed; and acts after which it is read again. */
import { ElMessage, ElMessageBox } from 'element-plus'
import { ref, type Ref } from 'vue'
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
  return { items, state, problem, load, act }
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
