import type { ErrorCode } from '@chaguan/protocol'

type Language = 'zh-CN' | 'en'

const TEXTS: Record<ErrorCode, Record<Language, string>> = {
  bad_request: { 'zh-CN': '请求有误,请修改后重试', en: 'Something in this request is wrong' },
  unauthenticated: { 'zh-CN': '登录已失效,请重新登录', en: 'Please sign in again' },
  forbidden: { 'zh-CN': '没有权限进行此操作', en: 'You are not allowed to do this' },
  not_found: { 'zh-CN': '内容不存在或已被删除', en: 'This does not exist any more' },
  conflict: { 'zh-CN': '内容已被更改,请刷新后重试', en: 'Somebody else changed this first' },
  too_large: { 'zh-CN': '内容太大,无法发送', en: 'This is too large to send' },
  rate_limited: { 'zh-CN': '操作太频繁,请稍后再试', en: 'Too fast; please wait a moment' },
  unavailable: { 'zh-CN': '暂时无法连接,请稍后再试', en: 'Not available right now; please try later' },
  timeout: { 'zh-CN': '网络超时,请稍后再试', en: 'The network is slow; please try again' },
  internal: { 'zh-CN': '服务出了点问题,请稍后再试', en: 'Something went wrong on our side' },
}

/** What to tell the user about an error. Unknown codes and languages get a general sentence. */
export function errorText(code: string, lang: string): string {
  const texts = TEXTS[code as ErrorCode] ?? TEXTS.internal
  return /^en/i.test(lang) ? texts.en : texts['zh-CN']
}
