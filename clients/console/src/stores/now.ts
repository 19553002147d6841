/** The time, as something screens can follow: one ticking second and one ticking minute for everybody. */
import { defineStore } from 'pinia'
import { ref } from 'vue'

export const useNow = defineStore('now', () => {
  const second = ref(Date.now())
  const minute = ref(Date.now())
  window.setInterval(() => {
    const now = Date.now()
    second.value = now
    if (now - minute.value >= 30_000) minute.value = now
  }, 1000)
  return { second, minute }
})
