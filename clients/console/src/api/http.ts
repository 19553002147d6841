/** One JSON call to the deployment's own `/v1`, with the one error it can throw. Knows nothing of screens. */
import type { ErrorBody, ErrorCode } from '@chaguan/protocol'

export type Problem = ErrorCode | 'network'

/** What every failed call throws. `code` decides what the person is told; `detail` is for developers. */
export class ApiError extends Error {
  constructor(
    readonly code: Problem,
    readonly data: Record<string, unknown> = {},
    detail = '',
  ) {
    super(detail || code)
    this.name = 'ApiError'
  }

  get reason(): string {
    return typeof this.data['reason'] === 'string' ? this.data['reason'] : ''
  }

  get retryAfterMs(): number {
    return typeof this.data['retry_after_ms'] === 'number' ? this.data['retry_after_ms'] : 0
  }
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'

export interface Call {
  method: Method
  path: string
  /** A `Blob` goes as it is, anything else as JSON. */
  body?: unknown
  token?: string
  device?: string
}

export async function request<T>(call: Call): Promise<T> {
  const response = await send(call)
  // The server's answer is typed by its Structs; nothing here can check it better than they did.
  return (response.status === 204 ? undefined : await response.json()) as T
}

/** What is handed on as it is: a table for a spreadsheet. */
export async function requestFile(call: Call): Promise<Blob> {
  return (await send(call)).blob()
}

async function send(call: Call): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  const file = call.body instanceof Blob ? call.body : null
  if (call.body !== undefined)
    headers['Content-Type'] = file ? file.type || 'application/octet-stream' : 'application/json'
  if (call.token) headers['Authorization'] = `Bearer ${call.token}`
  if (call.device) headers['X-Device-Id'] = call.device
  const body = call.body === undefined ? null : (file ?? JSON.stringify(call.body))
  let response: Response
  try {
    response = await fetch(call.path, { method: call.method, headers, body, credentials: 'omit' })
  } catch {
    throw new ApiError('network')
  }
  if (!response.ok) throw await failure(response)
  return response
}

async function failure(response: Response): Promise<ApiError> {
  const error = await response
    .json()
    .then((answer: { error?: ErrorBody }) => answer.error)
    .catch(() => undefined)
  if (error) return new ApiError(error.code, error.data ?? {}, error.detail)
  return new ApiError(response.status >= 500 ? 'unavailable' : 'bad_request', {}, `HTTP ${response.status}`)
}
