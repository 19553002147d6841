/** The user token, asked from the page's own site. */

/** Nobody is signed in on the page's site: there is nobody to chat as. */
export class NobodyError extends Error {}

/**
 * The site answers `{"token": "…"}` or the bare token; 401, 403 or 204 say that nobody is signed in. Anything else
 * is a fault, which a later attempt may not meet.
 */
export async function fetchToken(url: string): Promise<string> {
  const answer = await fetch(url, {
    credentials: 'same-origin',
    cache: 'no-store',
    headers: { accept: 'application/json' },
  })
  if ([204, 401, 403].includes(answer.status)) throw new NobodyError(`${url} answered ${answer.status}`)
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
  return tokenOf(await answer.text())
}

export function tokenOf(body: string): string {
  const text = body.trim()
  if (!text.startsWith('{')) return checked(text)
  const { token } = JSON.parse(text) as { token?: unknown }
  return checked(typeof token === 'string' ? token : '')
}

function checked(token: string): string {
  if (!/^[\w-]+(\.[\w-]+){2}$|^ca_[\w-]+$/.test(token)) throw new Error('the answer holds no user token')
  return token
}
