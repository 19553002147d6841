/** The mock server's accounts: enough of `/v1/auth`, `/v1/me` and `/v1/admin` for every screen and its refusals. */
import type { IncomingMessage } from 'node:http'
import { ME, type Town } from './town.ts'

type Json = Record<string, unknown>
interface Answer {
  status: number
  answer?: unknown
}

export const EMAIL = 'lin@chaguan.example'
export const PASSWORD = 'spring-tea-2026'
export const TOTP = '492039'
const DAY = 86_400_000

export class Admin {
  totp = false
  /** Left attempts before the door is closed for a while. */
  attempts = 4
  /** Refuse whatever comes, to see the screens' failures. */
  broken = false
  private readonly tokens = new Map<string, string>()
  private readonly revoked = new Set<string>()
  private made = 0
  private readonly staff: Json[]
  private readonly devices: Json[]
  private readonly keys: Json[]
  private readonly shops: Json[] = [
    { id: 'shop', name: '湖畔茶馆', context_url: 'https://mall.example.com/chaguan/context' },
    { id: 'shop-2', name: '老街分号', context_url: '' },
  ]
  private readonly apps: Json[] = [
    { id: 'app_mini', shop_id: 'shop', kind: 'wechat', name: '茶馆小程序', wechat_appid: 'wx7c1a5e2f90b3d846' },
    { id: 'app_site', shop_id: 'shop', kind: 'web', name: '官网' },
  ]

  constructor(private readonly town: Town) {
    const { now, model } = town
    const roles = ['owner', 'admin', 'agent', 'agent', 'member', 'agent']
    this.staff = [...model.users.values()]
      .filter((user) => user.kind === 'staff')
      .map((user, i) => ({
        user,
        email: `${user.id.slice(2)}@chaguan.example`,
        role: roles[i],
        disabled: i === 5,
        totp_enabled: i < 2,
        invited: i === 4,
        seen_at: i === 4 ? 0 : now - i * i * 3_600_000,
      }))
    this.devices = [
      {
        id: 'this',
        name: 'Chrome · Linux',
        platform: 'browser',
        created_at: now - 3 * DAY,
        seen_at: now,
        address: '192.168.1.20',
        current: true,
      },
      {
        id: 'phone',
        name: 'Safari · iOS',
        platform: 'browser',
        created_at: now - 9 * DAY,
        seen_at: now - 2 * DAY,
        address: '10.0.0.8',
      },
    ]
    this.keys = [
      {
        id: 'k1',
        name: '订单系统',
        scopes: ['users:write', 'messages:write'],
        created_at: now - 40 * DAY,
        used_at: now - 60_000,
      },
      { id: 'k2', name: '数据看板', scopes: ['messages:read'], created_at: now - 80 * DAY, expires_at: now + 30 * DAY },
    ]
  }

  userOf(token: string): string | undefined {
    return this.revoked.has(token) ? undefined : this.tokens.get(token)
  }

  handle(request: IncomingMessage, url: URL, raw: Buffer): Answer {
    const body = raw.length ? (JSON.parse(raw.toString()) as Json) : {}
    const key = `${request.method} ${url.pathname}`
    if (key === 'GET /v1/public') return ok({ name: '湖畔茶馆', languages: ['zh-CN', 'en'], demo: true, version: '0' })
    const open = this.auth(key, body)
    if (open) return open
    const user = this.userOf((request.headers.authorization ?? '').replace('Bearer ', ''))
    if (!user) return refuse(401, 'unauthenticated')
    if (this.broken && key.startsWith('GET')) return refuse(503, 'unavailable')
    return this.me(key, body) ?? this.manage(key, body) ?? refuse(404, 'not_found')
  }

  private auth(key: string, body: Json): Answer | undefined {
    if (key === 'POST /v1/auth/staff') return this.signIn(body)
    if (key === 'POST /v1/auth/refresh') return ok(this.signedIn())
    if (key === 'POST /v1/auth/sign_out') return { status: 204 }
    if (key === 'GET /v1/auth/invite/good')
      return ok({ kind: 'invite', email: 'new@chaguan.example', name: '阿青', role: 'agent' })
    if (key.startsWith('GET /v1/auth/invite/')) return refuse(404, 'not_found')
    return key === 'POST /v1/auth/invite' ? ok(this.signedIn()) : undefined
  }

  private signIn(body: Json): Answer {
    if (this.attempts <= 0) return refuse(429, 'rate_limited', { retry_after_ms: 30_000 })
    if (body['email'] !== EMAIL || body['password'] !== PASSWORD) {
      this.attempts -= 1
      return refuse(401, 'unauthenticated', { reason: 'credentials' })
    }
    if (this.totp && !body['totp']) return refuse(401, 'unauthenticated', { reason: 'totp_required' })
    if (this.totp && body['totp'] !== TOTP) return refuse(401, 'unauthenticated', { reason: 'totp_wrong' })
    return ok(this.signedIn())
  }

  private signedIn(): Json {
    const token = `token-${(this.made += 1)}`
    this.tokens.set(token, ME)
    const user = this.town.model.users.get(ME)
    return {
      access_token: token,
      expires_at: Date.now() + 3_600_000,
      refresh_token: `r-${this.made}`,
      device_id: 'this',
      user,
      role: 'owner',
    }
  }

  private me(key: string, body: Json): Answer | undefined {
    const user = this.town.model.users.get(ME)!
    const me = () => ({ user, email: EMAIL, role: 'owner', totp_enabled: this.totp })
    switch (key) {
      case 'GET /v1/me':
        return ok(me())
      case 'PATCH /v1/me':
        Object.assign(user, body)
        return ok(me())
      case 'POST /v1/me/password':
        return body['old_password'] === PASSWORD
          ? { status: 204 }
          : refuse(403, 'forbidden', { reason: 'password_wrong' })
      case 'POST /v1/me/totp':
        return ok({
          secret: 'JBSWY3DPEHPK3PXP',
          otpauth_url: `otpauth://totp/Chaguan:${EMAIL}?secret=JBSWY3DPEHPK3PXP&issuer=Chaguan`,
          recovery_codes: Array.from(
            { length: 8 },
            (_, i) => `${(i * 7919 + 10_007).toString(36)}-${(i * 104_729 + 65_537).toString(36)}`,
          ),
        })
      case 'POST /v1/me/totp/confirm':
        if (body['code'] !== TOTP) return refuse(400, 'bad_request', { reason: 'totp_wrong' })
        this.totp = true
        return { status: 204 }
      case 'DELETE /v1/me/totp':
        this.totp = false
        return { status: 204 }
      case 'GET /v1/me/shops':
        return ok({ shops: this.shops })
      case 'GET /v1/me/devices':
        return ok({ devices: this.devices })
      case 'DELETE /v1/me/devices/phone':
        this.devices.splice(1, 1)
        return { status: 204 }
    }
    return undefined
  }

  private manage(key: string, body: Json): Answer | undefined {
    const link = { token: 'good', expires_at: Date.now() + 7 * DAY, invite_url_path: '/console/#/invite/good' }
    if (key === 'GET /v1/admin/staff') return ok({ staff: this.staff })
    if (key === 'POST /v1/admin/staff') {
      this.staff.push({
        user: { id: `u-${this.staff.length}`, kind: 'staff', name: body['name'] },
        ...body,
        disabled: false,
        totp_enabled: false,
        invited: true,
        seen_at: 0,
      })
      return { status: 201, answer: link }
    }
    if (/^POST .*\/reset$/.test(key)) return ok(link)
    if (/^GET .*\/devices$/.test(key)) return ok({ devices: this.devices.slice(1) })
    if (key.startsWith('PATCH /v1/admin/staff/')) {
      const one = this.staff.find((member) => (member['user'] as { id: string }).id === key.split('/').pop())
      return one ? ok(Object.assign(one, body)) : refuse(404, 'not_found')
    }
    if (key === 'GET /v1/admin/shops') return ok({ shops: this.shops })
    if (key === 'GET /v1/admin/apps') return ok({ apps: this.apps })
    if (key === 'POST /v1/admin/apps') return ok({ id: 'app_new', ...body, secret: 'as_example_secret_shown_once' })
    if (/^POST .*\/secret$/.test(key))
      return ok({ secret: 'as_example_secret_shown_once', previous_valid_until: Date.now() + DAY })
    if (key === 'GET /v1/admin/keys') return ok({ keys: this.keys })
    if (key === 'POST /v1/admin/keys') return ok({ id: 'k3', ...body, key: 'ck_example_key_shown_once' })
    if (key === 'GET /v1/admin/audit') return ok({ records: this.audit(), next_cursor: '' })
    if (key === 'GET /v1/admin/reports') return ok({ reports: [] })
    return undefined
  }

  private audit(): Json[] {
    const { now, model } = this.town
    const actor = model.users.get(ME)
    return [
      { at: now - 3_600_000, actor, action: 'staff.invite', object: 'user:u-may', detail: { role: 'member' } },
      {
        at: now - DAY,
        actor: model.users.get('u-chen'),
        action: 'app.rotate_secret',
        object: 'app:app_mini',
        detail: { overlap_ms: DAY },
      },
      { at: now - 2 * DAY, actor, action: 'staff.change', object: 'user:u-he', detail: { disabled: true } },
    ]
  }
}

function ok(answer: unknown): Answer {
  return { status: 200, answer }
}

function refuse(status: number, code: string, data: Json = {}): Answer {
  return { status, answer: { error: { code, detail: '', data } } }
}
