import type { StaffKeep, StaffSession } from '@chaguan/sdk/staff'

const SESSION = 'chaguan-staff-session'
/** Of the account that was signed in last: over as it is, it tells the server that this phone is its owner's. */
const TOKEN = 'chaguan-staff-token'

interface KeptToken {
  email: string
  token: string
}

/** The session of staff between two starts of the program. */
export const keep: StaffKeep = {
  read: () => (wx.getStorageSync(SESSION) as StaffSession | '') || null,
  write: (session) => {
    if (session) wx.setStorageSync(SESSION, session)
    else clearKept()
  },
}

export function clearKept(): void {
  wx.removeStorageSync(SESSION)
}

const folded = (email: string) => email.trim().toLowerCase()

export function keptToken(email: string): string {
  const kept = wx.getStorageSync(TOKEN) as KeptToken | ''
  return kept && kept.email === folded(email) ? kept.token : ''
}

export function keepToken(email: string, token: string): void {
  wx.setStorageSync(TOKEN, { email: folded(email), token })
}
