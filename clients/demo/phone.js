// The phone: the mini program in a frame, which starts anew, where it stood, when the language is another.
import { personOf } from './people.js'

const frame = document.getElementById('phone')

/** One phone per tab: it survives a reload, and another tab is another customer. */
function phoneId() {
  const asked = new URLSearchParams(location.search).get('phone')
  const kept = asked ?? sessionStorage.getItem('chaguan.demo.phone') ?? newPhone()
  sessionStorage.setItem('chaguan.demo.phone', kept)
  return kept
}

export const newPhone = () => Math.random().toString(36).slice(2, 10)

const phone = phoneId()
export const person = personOf(phone)

/** Addresses of the pages that are open on it, the first one lowest. */
let pages = []
let waiting = []

export function openPhone(demo, language) {
  const english = language === 'en'
  const config = {
    appId: demo.appid,
    language: english ? 'en' : 'zh_CN',
    storagePrefix: `phone-${phone}`,
    loginUrl: `/demo/wechat-code?phone=${phone}`,
    ext: {
      endpoint: location.origin,
      appId: demo.app_id,
      shopApi: `${location.protocol}//${location.hostname}:${demo.shop_port}/api`,
      customer: { name: english ? person.en : person.zh, avatar: person.avatar },
      staff: { email: demo.agents[demo.agents.length - 1].email, password: demo.password },
    },
  }
  const [first, ...above] = pages
  waiting = above
  const query = new URLSearchParams({ config: JSON.stringify(config), ...(first && { page: first }) })
  frame.src = `/phone/index.html?${query}`
}

const addressOf = ({ path, query }) => {
  const search = Object.entries(query).map(([name, value]) => `${name}=${value}`)
  return `/${path}${search.length ? `?${search.join('&')}` : ''}`
}

addEventListener('message', ({ source, data }) => {
  if (source !== frame.contentWindow || data?.source !== 'mini-harness') return
  const next = waiting.shift()
  if (next) frame.contentWindow.postMessage({ target: 'mini-harness', command: 'open', value: next }, location.origin)
  else if (data.type === 'navigate') pages = frame.contentWindow.__harness.stack().map(addressOf)
})
