import type { Content } from '@chaguan/protocol'
import { ChaguanError, asChaguanError } from './errors'
import type { Engine } from './engine'
import type { OutboxItem } from './outbox'
import { httpError } from './transport'
import type { MediaKind, MediaSource, Uploaded } from './types'

const UPLOAD_TIMEOUT_MS = 600_000

export interface UploadOptions {
  kind: MediaKind
  /** From 0 to 1. */
  onProgress?: (fraction: number) => void
  /** An `AbortSignal`, or anything like it. */
  signal?: { readonly aborted: boolean; addEventListener(type: 'abort', fn: () => void): void }
}

export class MediaApi {
  constructor(private readonly engine: Engine) {}

  /**
   * Uploads a file and answers with its `media_id` and measures. Limits by kind are in `im.limits`.
   * Errors: `too_large`, `bad_request` (not of this kind), `unavailable`.
   */
  async upload(file: unknown, options: UploadOptions): Promise<Uploaded> {
    if (options.signal?.aborted) throw new ChaguanError('bad_request', 'aborted')
    const task = this.start(file, options.kind, options.onProgress ?? (() => undefined))
    options.signal?.addEventListener('abort', task.abort)
    return task.done
  }

  uploadItem(item: OutboxItem, onProgress: (fraction: number) => void): { done: Promise<Content>; abort(): void } {
    const media = item.media
    if (!media) throw new ChaguanError('internal', 'nothing to upload')
    const task = this.start(media.file, media.kind, onProgress)
    return { done: task.done.then((uploaded) => contentOf(media.kind, uploaded, media.name)), abort: task.abort }
  }

  private start(file: unknown, kind: MediaKind, onProgress: (fraction: number) => void) {
    const { adapter } = this.engine.config
    const task = adapter.upload({
      url: `${this.engine.base}/media`,
      headers: this.engine.connection.headers(),
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
}

function contentOf(kind: MediaKind, uploaded: Uploaded, name: string): Content {
  const { media_id } = uploaded
  // The server fills in the rest from what it stored.
  return kind === 'file' && name ? { type: 'file', media_id, name } : { type: kind, media_id }
}

/** What the bubble shows until the server's own entry replaces it. */
export function localContent(source: MediaSource, path: string): Content {
  const { kind, name = '', width = 0, height = 0, duration_ms = 0, size = 0 } = source
  const common = { media_id: '', size, url: path }
  switch (kind) {
    case 'image':
      return { type: 'image', ...common, width, height, thumb_url: path }
    case 'voice':
      return { type: 'voice', ...common, duration_ms }
    case 'video':
      return { type: 'video', ...common, width, height, duration_ms }
    case 'file':
      return { type: 'file', ...common, name }
  }
}
