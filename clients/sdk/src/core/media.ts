import type { Content } from '@chaguan/protocol'
import { ChaguanError, asChaguanError } from './errors'
import type { Engine } from './engine'
import type { OutboxItem } from './outbox'
import { httpError } from './transport'
import type { MediaContent, MediaKind, MediaSource, Uploaded } from './types'

const UPLOAD_TIMEOUT_MS = 600_000

export interface UploadOptions {
  kind: MediaKind
  /** From 0 to 1. */
  onProgress?: (fraction: number) => void
  /** An `AbortSignal`, or anything like it. */
  signal?: { readonly aborted: boolean; addEventListener(type: 'abort', fn: () => void): void }
}

export interface MediaApi {
  /**
   * Uploads a file and answers with its `media_id` and measures. Limits by kind are in `im.limits`.
   * Errors: `too_large`, `bad_request` (not of this kind), `unavailable`.
   */
  upload(file: unknown, options: UploadOptions): Promise<Uploaded>
  /** @internal The outbox's way to do the same. */
  uploadItem(item: OutboxItem, onProgress: (fraction: number) => void): { done: Promise<Content>; abort(): void }
}

export function createMedia(engine: Pick<Engine, 'config' | 'base' | 'connection'>): MediaApi {
  const upload = async (file: unknown, options: UploadOptions): Promise<Uploaded> => {
    if (options.signal?.aborted) throw new ChaguanError('bad_request', 'aborted')
    const task = start(file, options.kind, options.onProgress ?? (() => undefined))
    options.signal?.addEventListener('abort', task.abort)
    return task.done
  }

  const uploadItem = (
    item: OutboxItem,
    onProgress: (fraction: number) => void,
  ): { done: Promise<Content>; abort(): void } => {
    const media = item.media
    if (!media) throw new ChaguanError('internal', 'no file')
    const task = start(media.file, media.kind, onProgress)
    return { done: task.done.then((uploaded) => contentOf(media.kind, uploaded, media.name)), abort: task.abort }
  }

  const start = (file: unknown, kind: MediaKind, onProgress: (fraction: number) => void) => {
    const { adapter } = engine.config
    const task = adapter.upload({
      url: `${engine.base}/media`,
      headers: engine.connection.headers(),
      fields: { kind },
      file,
      timeout_ms: UPLOAD_TIMEOUT_MS,
      onProgress,
    })
    const done = task.done.then(
      (response) => {
        if (response.status >= 400) throw ChaguanError.of(httpError(response))
        return JSON.parse(response.body) as Uploaded
      },
      (error: unknown) => {
        throw asChaguanError(error)
      },
    )
    return { done, abort: task.abort }
  }

  return { upload, uploadItem }
}

function contentOf(kind: MediaKind, uploaded: Uploaded, name: string): Content {
  const { media_id } = uploaded
  // The server fills in the rest from what it stored.
  return kind === 'file' && name ? { type: 'file', media_id, name } : { type: kind, media_id }
}

/** What the bubble shows until the server's own entry replaces it. */
export function localContent(source: MediaSource, path: string): Content {
  const { kind, file: _, ...measures } = source
  const thumb = kind === 'image' ? { thumb_url: path } : {}
  // Every kind takes those of the measures that it knows; what is not given is not known yet.
  return { media_id: '', size: 0, url: path, ...measures, ...thumb, type: kind } as MediaContent
}
