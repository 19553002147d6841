/** Files in and out of the deployment, in the name of whoever is signed in. */
import { ApiError } from './http'
import type { Files } from './replies'

export function filesOf(token: () => Promise<string>, device: string): Files {
  async function fetched(path: string, init: RequestInit): Promise<Response> {
    const headers = { Authorization: `Bearer ${await token()}`, 'X-Device-Id': device }
    const response = await fetch(path, { ...init, headers, credentials: 'omit' }).catch(() => {
      throw new ApiError('network')
    })
    if (response.ok) return response
    const answer = (await response.json().catch(() => ({}))) as {
      error?: { code: ApiError['code']; data?: Record<string, unknown> }
    }
    throw new ApiError(answer.error?.code ?? 'unavailable', answer.error?.data ?? {})
  }

  return {
    download: async (path) => (await fetched(path, { method: 'GET' })).blob(),
    // The body is a file as it is, and its type is said in the address.
    upload: async <T>(path: string, body: Blob) =>
      (await fetched(path, { method: 'POST', body: await body.arrayBuffer() })).json() as Promise<T>,
  }
}
