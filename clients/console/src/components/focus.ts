/** `v-focus`: where a screen or dialog begins, when it is one thing that everybody comes for. */
import type { ObjectDirective } from 'vue'

export const vFocus: ObjectDirective<HTMLElement> = {
  mounted(element) {
    // After the dialog's own focus trap has had its turn.
    requestAnimationFrame(() => {
      const field = element.matches('input, textarea, button') ? element : element.querySelector('input, textarea')
      ;(field as HTMLElement | null)?.focus()
    })
  },
}
