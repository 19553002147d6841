/** What was typed and not sent, per conversation; it survives a reload, and leaves with the person. */
import { defineStore } from 'pinia'
import { reactive } from 'vue'

const STORED = 'chaguan.drafts'

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

  return { drafts, set, clear }
})

function restore(): [string, string][] {
  try {
    return JSON.parse(localStorage.getItem(STORED) ?? '[]') as [string, string][] // written by `set` alone
  } catch {
    return []
  }
}
