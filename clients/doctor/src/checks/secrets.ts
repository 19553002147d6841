/**
 * What must never be in a package that anybody can unpack. A finding says where, and never repeats what it found.
 * Comments count too: they go to whoever gets the sources.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { Found } from '../findings'
import { isOwn, placeIn, type Project } from '../project'

const TEXTUAL = /\.(?:ts|js|wxs|json|wxml|pem|key|cer|cert)$/

/** The names that stand before a value: `appSecret: '…'`, `"secret": "…"`, `SECRET = '…'`, `secret=…&` in an address. */
const NAMED = String.raw`secret\w{0,40}['"]?\s*(?::[^'"\`=\n]{0,60}=|[:=])\s*['"\`]?`
// AppSecret of WeChat: 32 hex digits. Of an app of Chaguan: 32 random bytes, base64url.
const WECHAT_SECRET = new RegExp(String.raw`${NAMED}([0-9a-f]{32})(?![0-9a-zA-Z_-])`, 'gi')
const APP_SECRET = new RegExp(String.raw`${NAMED}([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])`, 'gi')
const API_KEY = /\bck_[a-z2-7]{16}_[a-z2-7]{52}\b/g
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/g
const TOKEN = /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/g
const SIGNING = /\b(?:createHmac|HmacSHA256|hmac_sha256|SignJWT|jsonwebtoken|jsrsasign|jwt-simple)\b|\bjwt\.sign\b/g
const WEIXIN_API = /https?:\/\/api\.(?:weixin\.qq\.com|mch\.weixin\.qq\.com)/g

function* everywhere(project: Project, pattern: RegExp): Iterable<Found> {
  for (const { path: file } of project.files.filter((one) => isOwn(one.path) && TEXTUAL.test(one.path))) {
    const raw = fs.readFileSync(path.join(project.program, file), 'utf8')
    for (const match of raw.matchAll(pattern)) yield { severity: 'error', at: placeIn(project, file, raw, match.index) }
  }
}

export const wechatSecret = (project: Project) => everywhere(project, WECHAT_SECRET)
export const appSecret = (project: Project) => everywhere(project, APP_SECRET)
export const apiKey = (project: Project) => everywhere(project, API_KEY)
export const privateKey = (project: Project) => everywhere(project, PRIVATE_KEY)
export const tokenInside = (project: Project) => everywhere(project, TOKEN)

function* inCode(project: Project, pattern: RegExp): Iterable<Found> {
  for (const { file, code } of project.scripts) {
    const [first] = code.matchAll(pattern)
    if (first) yield { severity: 'error', at: placeIn(project, file, code, first.index), data: { what: first[0] } }
  }
}

export const signedHere = (project: Project) => inCode(project, SIGNING)
export const weixinApi = (project: Project) => inCode(project, WEIXIN_API)
