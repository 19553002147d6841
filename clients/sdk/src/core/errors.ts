import type { ErrorBody, ErrorCode } from '@chaguan/protocol'

const BUSY: readonly string[] = ['rate_limited', 'unavailable', 'timeout']

/**
 * The one error of this SDK. `code` says what to do: refused (`bad_request`, `unauthenticated`, `forbidden`,
 * `not_found`, `conflict`, `too_large`: change the request), busy (`rate_limited`, `unavailable`, `timeout`:
 * the same later) or broken (`internal`). `detail` is for developers; show `errorText(error.code, lang)`.
 */
export class ChaguanError extends Error {
  override readonly name = 'ChaguanError'

  constructor(
    readonly code: ErrorCode,
    readonly detail: string = '',
    readonly data: Record<string, unknown> = {},
  ) {
    super(detail ? `${code}: ${detail}` : code)
    // Subclasses of built-ins lose their prototype where classes are lowered to ES5.
    Object.setPrototypeOf(this, ChaguanError.prototype)
  }

  /** The same request may succeed later, with the same key. */
  get busy(): boolean {
    return BUSY.indexOf(this.code) >= 0
  }

  /** When to try again, milliseconds; only for busy errors, and 0 if the server did not say. */
  get retryAfterMs(): number {
    const value = this.data['retry_after_ms']
    return typeof value === 'number' && value > 0 ? value : 0
  }

  static of(body: ErrorBody): ChaguanError {
    return new ChaguanError(body.code, body.detail, body.data)
  }
}

export function asChaguanError(error: unknown): ChaguanError {
  if (error instanceof ChaguanError) return error
  return new ChaguanError('unavailable', error instanceof Error ? error.message : String(error))
}
