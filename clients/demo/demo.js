// The first minute: a customer's phone beside an agent's desk, both really running on this deployment.
import { newPhone, openPhone, person } from './phone.js'
import { TEXTS } from './texts.js'

/** The console's own word for its language, so that one choice holds on both sides, whoever makes it. */
const LOCALE = 'chaguan.locale'

const $ = (id) => document.getElementById(id)
const preferred = () => localStorage.getItem(LOCALE) ?? (navigator.language.startsWith('zh') ? 'zh-CN' : 'en')
let language = preferred() === 'en' ? 'en' : 'zh-CN'

function show() {
  const texts = TEXTS[language]
  const text = (key) => texts[key].replace('{name}', language === 'en' ? person.en : person.zh)
  document.documentElement.lang = language
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = text(element.dataset.text)
  $('language').textContent = texts.language
  $('language').lang = language === 'en' ? 'zh-CN' : 'en'
  $('phone').title = text('customer')
  $('desk').title = text('agent')
}

function choose(next, demo) {
  if (next === language) return
  language = next
  show()
  openPhone(demo, language)
}

async function openDesk(demo) {
  const device = localStorage.getItem('chaguan.device') ?? crypto.randomUUID?.() ?? `demo-${newPhone()}`
  localStorage.setItem('chaguan.device', device)
  if (!localStorage.getItem('chaguan.session')) {
    const { email } = demo.agents[0]
    const answer = await fetch('/v1/auth/staff', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: demo.password, device_id: device, device_name: 'Demo' }),
    })
    if (!answer.ok) throw new Error(`sign-in: ${answer.status}`)
    localStorage.setItem('chaguan.session', JSON.stringify(await answer.json()))
  }
  $('desk').addEventListener('load', () => ($('waiting').hidden = true), { once: true })
  $('desk').src = '/console/#/desk'
}

async function start() {
  show()
  const demo = await (await fetch('/demo/config.json')).json()
  openPhone(demo, language)
  Object.assign($('site'), { href: demo.site, hidden: !demo.site })
  $('another').addEventListener('click', () => window.open(`${location.pathname}?phone=${newPhone()}`))
  $('language').addEventListener('click', () => {
    const next = language === 'en' ? 'zh-CN' : 'en'
    localStorage.setItem(LOCALE, next)
    choose(next, demo)
  })
  // Chosen at the desk, or on the demo page of another tab.
  addEventListener('storage', ({ key, newValue }) => {
    if (key === LOCALE && newValue in TEXTS) choose(newValue, demo)
  })
  await openDesk(demo).catch((error) => {
    console.error(error)
    $('waiting').dataset.text = 'failed'
    show()
  })
}

start()
