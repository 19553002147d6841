/** Who waits to be called back, for the list and its badge. Read again when a desk changed, at most every 3 s. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { Callback } from '@/im'
import { useChat } from './chat'
import { useDesk } from './desk'
import { problemOf } from './problems'

const PAUSE_MS = 3_000

export const useCallbacks = defineStore('callbacks', () => {
  const chat = useChat()
  const desk = useDesk()
  const items = shallowRef<Callback[]>([])
  const state = ref<'idle' | 'loading' | 'ready' | 'failed'>('idle')
  const problem = ref('')
  const names = shallowRef(new Map<string, string>())
  let timer = 0
  let off: (() => void) | null = null

  const count = computed(() => items.value.length)

  async function load(): Promise<void> {
    const { im } = chat
    if (!im) return
    if (state.value !== 'ready') state.value = 'loading'
    try {
      const pages = await Promise.all(desk.shops.map(({ id }) => im.callbacks(id)))
      if (chat.im !== im) return
      items.value = pages.flatMap((page) => page.callbacks).sort((a, b) => a.due_at - b.due_at || a.at - b.at)
      names.value = new Map(pages.flatMap((page) => page.users ?? []).map(({ id, name = '' }) => [id, name]))
      state.value = 'ready'
    } catch (error) {
      if (chat.im !== im) return
      // What is shown stays while it is asked again.
      if (state.value !== 'ready') state.value = 'failed'
      problem.value = problemOf(error)
    }
  }

  function soon(): void {
    timer ||= window.setTimeout(() => {
      timer = 0
      void load()
    }, PAUSE_MS)
  }

  /** With the desk it comes and goes. */
  watch(
    () => desk.state,
    (now) => {
      off?.()
      off = null
      window.clearTimeout(timer)
      timer = 0
      if (now === 'ready') {
        off = chat.im?.on('desk', soon) ?? null
        void load()
      } else if (now === 'idle') {
        items.value = []
        state.value = 'idle'
      }
    },
    { immediate: true },
  )

  async function take(callback: Callback): Promise<void> {
    try {
      await chat.client().takeCallback(callback.case_id)
      items.value = items.value.filter(({ case_id }) => case_id !== callback.case_id)
    } catch (error) {
      void load()
      throw error
    }
  }

  return { items, state, problem, names, count, load, take }
})
