/** Canned replies over HTTP: read, kept, counted, carried away and taken in. */
import type { Card, Image } from '@chaguan/protocol'
import type { Authorized } from './me'

export interface CannedSpec {
  shortcut: string
  title: string
  folder?: string
  tags?: string[]
  /** By language. */
  texts?: Record<string, string>
  contents?: (Image | Card)[]
}

export interface CannedReply extends CannedSpec {
  id: string
  /** Empty: every shop's. */
  shop_id?: string
  /** Empty: shared. */
  owner_id?: string
  updated_at?: number
  /** How often and how lately I used it. */
  score?: number
}

export interface CannedFault {
  line: number
  code: string
  data?: Record<string, string>
}

export interface CannedImport {
  created: number
  changed: number
  faults?: CannedFault[]
}

export interface CannedPlace {
  is_shared: boolean
  shop_id: string
}

export type CannedForm = 'csv' | 'json'

/** A file goes out or in as it is, which the JSON calls can't do. */
export interface Files {
  download(path: string): Promise<Blob>
  upload<T>(path: string, body: Blob): Promise<T>
}

const PATH = '/v1/desk/canned-replies'

export function repliesApi(call: Authorized, files: Files) {
  return {
    list: (shopId = '') =>
      call<{ replies: CannedReply[] }>('GET', `${PATH}?shop_id=${encodeURIComponent(shopId)}`).then(
        (answer) => answer.replies,
      ),
    create: (place: CannedPlace, spec: CannedSpec) => call<CannedReply>('POST', PATH, { ...place, ...spec }),
    replace: (id: string, spec: CannedSpec & { shop_id?: string }) =>
      call<CannedReply>('PUT', `${PATH}/${encodeURIComponent(id)}`, spec),
    remove: (id: string) => call<void>('DELETE', `${PATH}/${encodeURIComponent(id)}`),
    used: (id: string) => call<void>('POST', `${PATH}/${encodeURIComponent(id)}/use`),
    export: (place: CannedPlace, form: CannedForm) => files.download(`${PATH}/export?${query(place, form)}`),
    import: (place: CannedPlace, form: CannedForm, file: Blob, trial: boolean) =>
      files.upload<CannedImport>(`${PATH}/import?${query(place, form)}&is_trial=${String(trial)}`, file),
  }
}

function query(place: CannedPlace, form: CannedForm): string {
  return new URLSearchParams({ form, is_shared: String(place.is_shared), shop_id: place.shop_id }).toString()
}
