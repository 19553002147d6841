/** What was typed and not sent, per conversation; it survives a reload, and leaves with the person. What was begun as a
 * note for colleagues is kept apart from what was begun for the customer, and so is to whom one was writing. */
import { defineStore } from 'pinia'
import { reactive } from 'vue'

const STORED = 'chaguan.drafts'

/** To whom one writes beside a case. */
export type Mode = 'reply' | 'note'

/** Where the draft of a note is kept; no conversation has such an id. */
export const noteDraft = (conversationId: string): string => `note:${conversationId}`
const modeKey = (conversationId: string): string => `mode:${conversationId}`

export const useDrafts = defineStore('drafts', () => {
  const drafts = reactive(new Map<string, string>(restore()))

  function set(conversationId: string, text: string): void {
    if (text.trim()) drafts.set(conversationId, text)
    else drafts.delete(conversationId)
    localStorage.setItem(STORED, JSON.stringify([...drafts]))
  }

  function clear(): void {
    drafts.clear()
    localStorage.removeItem(STORED)
  }

  function mode(conversationId: string): Mode {
    return drafts.get(modeKey(conversationId)) === 'note' ? 'note' : 'reply'
  }

  function setMode(conversationId: string, mode: Mode): void {
    set(modeKey(conversationId), mode === 'note' ? mode : '')
  }

  return { drafts, set, mode, setMode, clear }
})

function restore(): [string, string][] {
  try {
    return JSON.parse(localStorage.getItem(STORED) ?? '[]') as [string, string][] // written by `set` alone
  } catch {
    return []
  }
}
