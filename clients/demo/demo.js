// The first minute: a customer's phone beside an agent's desk, both really running on this deployment.
const TEXTS = {
  'zh-CN': {
    lead: '顾客在小程序里问，店员在工作台答。左边是真的在运行的小程序，右边是店员的工作台。',
    api: '接口文档',
    console: '单独打开工作台',
    customer: '顾客的手机：山间茶铺',
    agent: '店员的工作台：小梅',
    another: '再开一部手机',
    waiting: '正在登录工作台…',
    failed: '没能登录工作台，请刷新页面再试。',
    try: '试一试',
    try1: '在手机里点开一款茶，点「联系客服」，打个招呼。',
    try2: '工作台左边出现等待的顾客：点「接待」（或按 T）再回复。',
    try3: '互发图片和语音；在商品页把商品卡片发给客服。',
    try4: '在手机里下一单，右栏的顾客资料里会出现订单。',
    try5: '刷新任意一边，或重启服务：消息不丢、不重。',
    note: '演示数据只属于这台机器。管理员的账号和密码在启动时显示一次。',
    language: 'English',
  },
  en: {
    lead: 'A customer asks inside the mini program, an agent answers at the desk. Both sides really run here.',
    api: 'API',
    console: 'Open the desk alone',
    customer: 'The customer’s phone: a tea shop',
    agent: 'The agent’s desk: Xiaomei',
    another: 'Another phone',
    waiting: 'Signing in to the desk…',
    failed: 'Could not sign in to the desk. Reload the page to try again.',
    try: 'Try this',
    try1: 'On the phone open a tea, tap Chat and say hello.',
    try2: 'The waiting customer appears at the desk: take the case (or press T) and answer.',
    try3: 'Send pictures and voice both ways; send a product card from its page.',
    try4: 'Place an order on the phone: it shows beside the conversation.',
    try5: 'Reload either side, or restart the server: nothing is lost or doubled.',
    note: 'The demo data stays on this machine. The administrator’s password is shown once, at the first start.',
    language: '中文',
  },
}

const $ = (id) => document.getElementById(id)
let language = localStorage.getItem('chaguan.demo.language') ?? (navigator.language.startsWith('zh') ? 'zh-CN' : 'en')

function show() {
  const texts = TEXTS[language]
  document.documentElement.lang = language
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = texts[element.dataset.text]
  $('language').textContent = texts.language
  $('phone').title = texts.customer
  $('desk').title = texts.agent
}

/** One phone per tab: it survives a reload, and another tab is another customer. */
function phoneId() {
  const asked = new URLSearchParams(location.search).get('phone')
  const kept = asked ?? sessionStorage.getItem('chaguan.demo.phone') ?? Math.random().toString(36).slice(2, 10)
  sessionStorage.setItem('chaguan.demo.phone', kept)
  return kept
}

function openPhone(demo) {
  const phone = phoneId()
  const config = {
    appId: demo.appid,
    language: language === 'en' ? 'en' : 'zh_CN',
    storagePrefix: `phone-${phone}`,
    loginUrl: `/demo/wechat-code?phone=${phone}`,
    ext: {
      endpoint: location.origin,
      appId: demo.app_id,
      shopApi: `${location.protocol}//${location.hostname}:${demo.shop_port}/api`,
    },
  }
  $('phone').src = `/phone/index.html?config=${encodeURIComponent(JSON.stringify(config))}`
}

async function openDesk(demo) {
  const device =
    localStorage.getItem('chaguan.device') ?? crypto.randomUUID?.() ?? `demo-${Math.random().toString(36).slice(2)}`
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
  openPhone(demo)
  $('another').addEventListener('click', () =>
    window.open(`${location.pathname}?phone=${Math.random().toString(36).slice(2, 10)}`),
  )
  $('language').addEventListener('click', () => {
    language = language === 'en' ? 'zh-CN' : 'en'
    localStorage.setItem('chaguan.demo.language', language)
    show()
    openPhone(demo)
  })
  await openDesk(demo).catch((error) => {
    console.error(error)
    $('waiting').textContent = TEXTS[language].failed
  })
}

start()
