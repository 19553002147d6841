/** Where in a form the server's refusal belongs. */
import { ElMessage } from 'element-plus'
import { ref } from 'vue'
import { ApiError } from '@/api/http'
import { i18n } from '@/i18n'
import { problemOf } from '@/stores/problems'

type Words = (error: ApiError) => Record<string, string>

/** `words`: sentences by field for refusals that say more than that a field is wrong. */
export function useFields(known: readonly string[], words: Words = () => ({})) {
  const errors = ref<Record<string, string>>({})

  /** True: it worked. A refusal that names a field of this form is told there, any other for itself. */
  async function send(work: () => Promise<unknown>): Promise<boolean> {
    errors.value = {}
    try {
      await work()
      return true
    } catch (error) {
      errors.value = error instanceof ApiError ? told(error) : {}
      if (Object.keys(errors.value).length === 0) ElMessage.error(problemOf(error))
      return false
    }
  }

  function told(error: ApiError): Record<string, string> {
    const found = words(error)
    const said = error.data['field']
    const field = known.find((one) => typeof said === 'string' && said.split(/[.[\]]/).includes(one))
    return field && !found[field] ? { ...found, [field]: i18n.global.t('error.bad_request') } : found
  }

  function clear(): void {
    errors.value = {}
  }

  return { errors, send, clear }
}
