/** The consultations of the conversation on screen: what is open, from the desk; what was, asked for once it changes. */
import { computed, type Ref, shallowRef, watch } from 'vue'
import type { Case } from '@/im'
import { useChat } from '@/stores/chat'
import { useDesk } from '@/stores/desk'

/** `wanted`: which of the open ones; `past`: one that is resolved, to look back at. */
export function useThread(conversationId: Ref<string>, wanted: Ref<string>, past: Ref<string>) {
  const chat = useChat()
  const desk = useDesk()
  const listed = shallowRef<Case[]>([])

  const open = computed(() => desk.casesIn(conversationId.value))
  const earlier = computed(() =>
    listed.value.filter((one) => one.status === 'resolved' && !open.value.some(({ id }) => id === one.id)),
  )
  /** The one that was chosen, else the one that an agent means by this conversation, else the last. */
  const current = computed<Case | undefined>(() => {
    const chosen = open.value.find(({ id }) => id === wanted.value) ?? earlier.value.find(({ id }) => id === past.value)
    return chosen ?? desk.caseOf(conversationId.value) ?? earlier.value[0]
  })

  watch(
    [conversationId, () => open.value.map(({ id }) => id).join(), () => desk.state],
    async ([id, , state], before) => {
      if (id !== before[0]) listed.value = []
      if (!id || state !== 'ready') return
      // Without them the desk works on; they are asked for again with the next change.
      const found = await chat
        .client()
        .casesOf(id)
        .catch(() => undefined)
      if (found && id === conversationId.value) listed.value = found
    },
    { immediate: true },
  )

  return { open, earlier, current }
}
