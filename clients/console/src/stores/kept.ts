/**
 * The access token that each account got when it last signed in with this browser. Over as it is, it tells the server
 * at the next time that this is a device of the account's owner, so that strangers who guess can't lock them out.
 */
const STORED = 'chaguan.kept'
/** Staff who share a computer behind the counter. */
const MOST = 8

type Kept = [email: string, token: string][]

export function keptToken(email: string): string {
  return read().find(([one]) => one === folded(email))?.[1] ?? ''
}

export function keepToken(email: string, token: string): void {
  write([[folded(email), token], ...others(email)].slice(0, MOST) as Kept)
}

/** When the server could not be told that a token is over. */
export function forgetTokens(): void {
  localStorage.removeItem(STORED)
}

function others(email: string): Kept {
  return read().filter(([one]) => one !== folded(email))
}

function folded(email: string): string {
  return email.trim().toLowerCase()
}

function read(): Kept {
  try {
    return JSON.parse(localStorage.getItem(STORED) ?? '[]') as Kept // written by `write` alone
  } catch {
    return []
  }
}

function write(kept: Kept): void {
  localStorage.setItem(STORED, JSON.stringify(kept))
}
