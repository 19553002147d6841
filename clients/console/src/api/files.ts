/** Files in and out of the deployment, in the name of whoever is signed in. */
import { request, requestFile } from './http'
import type { Files } from './replies'

export function filesOf(token: () => Promise<string>, device: string): Files {
  return {
    download: async (path) => requestFile({ method: 'GET', path, token: await token(), device }),
    upload: async <T>(path: string, body: Blob) =>
      request<T>({ method: 'POST', path, body, token: await token(), device }),
  }
}
