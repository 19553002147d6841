// For every check a program that it must find something in, and one like it that it must leave alone.
import type { Options } from '../src/findings'
import type { CheckId } from '../src/texts/index'
import { APP, CHAT_JSON, chatInSub, CONFIG, json, kit, withChat, type Files } from './programs'

export interface Case {
  bad: Files
  /** Of its first finding; '' where it has none. */
  at: string
  good: Files
  options?: Partial<Options>
}

const endpoint = (url: string): Files => ({
  'app.ts': `import './x'\nconst endpoint = '${url}'\ncreateClient({ endpoint })\n`,
})
const code = (line: string): Files => ({ 'services/pay.ts': `export {}\n${line}\n` })
const config = (more: object): Files => ({ 'project.config.json': json({ ...CONFIG, ...more }) })
const app = (more: object): Files => ({ 'app.json': json({ ...APP, ...more }) })
const bulk = (mebibytes: number) => 'x'.repeat(mebibytes * 1024 * 1024)
const HEX = '0a1b'.repeat(8)
const SECRET = `${'aB3-_'.repeat(8)}xYz`
const PEM = ['-----BEGIN', 'PRIVATE KEY-----'].join(' ')
const sub = (more: object = {}) => ({
  subPackages: [{ root: 'service', name: 'desk', pages: ['chat/index'], ...more }],
})
const preload = (packages: string[], page = 'pages/home/index') => ({
  preloadRule: { [page]: { network: 'all', packages } },
})
const nineParts = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`part${index}/a.png`, bulk(1.8)]))
const parts = { subPackages: Array.from({ length: 17 }, (_, index) => ({ root: `part${index}`, pages: [] })) }

export const CASES: Record<CheckId, Case> = {
  'files/unreadable': {
    bad: { 'pages/home/index.json': '{ "a": 1, }' },
    at: 'pages/home/index.json:1',
    good: { 'pages/home/index.json': '{ "a": 1 }' },
  },
  'files/appid': {
    bad: config({ appid: 'touristappid' }),
    at: 'project.config.json:2',
    good: { ...config({ appid: '' }), 'project.private.config.json': json({ appid: CONFIG.appid }) },
  },
  'domains/insecure': {
    bad: endpoint('http://im.example.com'),
    at: 'app.ts:2',
    good: endpoint('https://im.example.com'),
  },
  'domains/local': {
    bad: endpoint('http://127.0.0.1:8080'),
    at: 'app.ts:2',
    good: endpoint('https://im.example.com:8443'),
  },
  'domains/unlisted': {
    bad: code("wx.request({ url: 'https://shop.example.com/api' })"),
    at: 'services/pay.ts:2',
    good: code("wx.request({ url: 'https://example.com/api' })\nconst help = 'https://elsewhere.example.org/faq'"),
    options: { domains: ['https://example.com'] },
  },
  'domains/url-check': {
    bad: config({ setting: { urlCheck: false } }),
    at: 'project.config.json:6',
    good: { 'project.private.config.json': json({ setting: { urlCheck: false } }) },
  },
  'domains/legal-domains': {
    bad: endpoint('https://im.example.com'),
    at: 'app.ts:2',
    good: code("const xmlns = 'https://www.w3.org/2000/svg'"),
  },
  'base-library/too-old': {
    bad: { ...config({ libVersion: '2.9.0' }), ...code('wx.chooseMedia({})') },
    at: 'project.config.json:4',
    good: { ...config({ libVersion: '2.10.0' }), ...code('wx.chooseMedia({})') },
  },
  'base-library/minimum': {
    bad: code('wx.getAppBaseInfo()'),
    at: 'services/pay.ts:2',
    good: code("if (wx.canIUse('getAppBaseInfo')) wx.getAppBaseInfo()"),
  },
  'sizes/package-too-large': {
    bad: { 'pages/home/a.js': bulk(2.1) },
    at: '',
    good: { 'pages/home/a.js': bulk(1.5), 'pages/home/notes.md': bulk(2.1) },
  },
  'sizes/package-nearly-full': {
    bad: { 'pages/home/a.js': bulk(1.8) },
    at: '',
    good: { 'pages/home/a.js': bulk(1.5) },
  },
  'sizes/total-too-large': {
    bad: { ...app(parts), ...nineParts },
    at: '',
    good: { ...app(parts), ...nineParts, 'part0/a.png': null },
  },
  'sizes/stray-files': {
    bad: { 'server/main.js': 'serve()' },
    at: '',
    good: {
      ...config({ packOptions: { ignore: [{ type: 'folder', value: 'server' }] } }),
      'server/main.js': 'serve()',
    },
  },
  'sizes/kit-in-main': { bad: chatInSub(), at: '', good: chatInSub({}, {}, 'service/') },
  'sizes/share': { bad: withChat(), at: '', good: { 'project.config.json': null } },
  'secrets/wechat-secret': {
    bad: code(`const wechat = { secret: '${HEX}' }`),
    at: 'services/pay.ts:2',
    good: code(`const wechat = { sign: '${HEX}', secretary: '${HEX}0' }`),
  },
  'secrets/app-secret': {
    bad: code(`const APP_SECRET: string = '${SECRET}'`),
    at: 'services/pay.ts:2',
    good: code(`const key = '${SECRET}'\nconst secret = 'of-no-such-length'`),
  },
  'secrets/api-key': {
    bad: { 'config.json': json({ key: `ck_${'a2'.repeat(8)}_${'b3'.repeat(26)}` }) },
    at: 'config.json:2',
    good: { 'config.json': json({ key: 'ck_short' }) },
  },
  'secrets/private-key': {
    bad: { 'certs/pay.pem': `${PEM}\nMIIE` },
    at: 'certs/pay.pem:1',
    good: { ...config({ packOptions: { ignore: [{ type: 'suffix', value: '.pem' }] } }), 'certs/pay.pem': PEM },
  },
  'secrets/token-inside': {
    bad: code(`const token = 'eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(20)}.${'c'.repeat(43)}'`),
    at: 'services/pay.ts:2',
    good: code("const token = wx.getStorageSync('token')"),
  },
  'secrets/signed-here': {
    bad: code("import { createHmac } from 'crypto'"),
    at: 'services/pay.ts:2',
    good: code('// the server does createHmac'),
  },
  'secrets/weixin-api': {
    bad: code("wx.request({ url: 'https://api.weixin.qq.com/sns/jscode2session' })"),
    at: 'services/pay.ts:2',
    good: code('// never https://api.weixin.qq.com'),
  },
  'privacy/required-infos': {
    bad: code('wx.chooseLocation({})'),
    at: 'services/pay.ts:2',
    good: { ...code('wx.chooseLocation({})'), ...app({ requiredPrivateInfos: ['chooseLocation'] }) },
  },
  'privacy/location-permission': {
    bad: { ...code('wx.getLocation({})'), ...app({ requiredPrivateInfos: ['getLocation'] }) },
    at: 'services/pay.ts:2',
    good: {
      ...code('wx.getLocation({})'),
      ...app({ requiredPrivateInfos: ['getLocation'], permission: { 'scope.userLocation': { desc: '用于配送' } } }),
    },
  },
  'privacy/check-off': {
    bad: app({ __usePrivacyCheck__: false }),
    at: 'app.json:6',
    good: app({ __usePrivacyCheck__: true }),
  },
  'privacy/guideline': { bad: code('wx.chooseMedia({})'), at: 'services/pay.ts:2', good: code('wx.showToast({})') },
  'npm/not-installed': { bad: { 'pages/home/index.json': CHAT_JSON }, at: 'pages/home/index.json:3', good: withChat() },
  'npm/not-built': { bad: unbuilt(withChat()), at: 'pages/home/index.json:3', good: withChat() },
  'npm/stale': {
    bad: { ...withChat(), 'miniprogram_npm/@chaguan/mini-kit/index.js': 'exports.kit = { of: "yesterday" }' },
    at: 'pages/home/index.json:3',
    good: { ...withChat(), 'miniprogram_npm/@chaguan/mini-kit/index.js': 'exports.kit = {}\r\n' },
  },
  'npm/component-missing': {
    bad: { ...kit(), 'pages/home/index.json': json({ usingComponents: { 'cg-chat': '@chaguan/mini-kit/chat' } }) },
    at: 'pages/home/index.json:3',
    good: {
      'pages/home/index.json': json({ usingComponents: { own: '/parts/own', plug: 'plugin://x/y' } }),
      'parts/own.json': '{"component":true}',
    },
  },
  'npm/peer-missing': {
    bad: Object.fromEntries(Object.entries(withChat()).filter(([file]) => !file.includes('@chaguan/sdk'))),
    at: 'pages/home/index.json:3',
    good: withChat(),
  },
  'npm/versions-differ': {
    bad: { ...withChat(), 'node_modules/@chaguan/sdk/package.json': json({ version: '0.2.0' }) },
    at: '',
    good: withChat(),
  },
  'npm/name-taken': {
    bad: { ...withChat(), 'chat/index.wxml': '<view/>', 'chat/index.json': '{}' },
    at: 'chat/index.wxml:1',
    good: { ...withChat(), 'pages/chat/index.wxml': '<view/>', 'chat/own.wxml': '<view/>', 'chat/own.json': '{}' },
  },
  'npm/tag-undeclared': {
    bad: { 'pages/home/index.wxml': '<view>\n  <cg-chat />\n</view>' },
    at: 'pages/home/index.wxml:2',
    good: { ...withChat(), 'pages/home/index.wxml': '<!-- <cg-old /> --><cover-view><cg-chat /></cover-view>' },
  },
  'subpackages/independent': {
    bad: chatInSub({ independent: true }),
    at: 'service/chat/index.json:3',
    good: chatInSub({ independent: true }, {}, 'service/'),
  },
  'subpackages/main-into-sub': {
    bad: { ...app(sub()), 'app.ts': "import { kit } from './service/kit'", 'service/kit.ts': 'export const kit = 1' },
    at: 'app.ts:1',
    good: { ...app(sub()), 'app.ts': "require.async('./service/kit')", 'service/kit.ts': "import '../app'" },
  },
  'subpackages/no-preload': { bad: chatInSub(), at: 'app.json:8', good: chatInSub({}, preload(['service'])) },
  'subpackages/preload-unknown': {
    bad: app({ ...sub(), ...preload(['desks']) }),
    at: 'app.json:16',
    good: app({ ...sub(), ...preload(['desk']) }),
  },
  'subpackages/preload-too-large': {
    bad: {
      ...app({
        subPackages: [
          { root: 'a', pages: [] },
          { root: 'b', pages: [] },
        ],
        ...preload(['a', 'b']),
      }),
      'a/a.js': bulk(1.2),
      'b/b.js': bulk(1.2),
    },
    at: 'app.json:16',
    good: {
      ...app({
        subPackages: [
          { root: 'a', pages: [] },
          { root: 'b', pages: [] },
        ],
        ...preload(['a']),
      }),
      'a/a.js': bulk(1.2),
      'b/b.js': bulk(1.2),
    },
  },
  'subpackages/lazy-loading': { bad: app({ lazyCodeLoading: undefined }), at: 'app.json:1', good: app({}) },
}

function unbuilt(files: Files): Files {
  return Object.fromEntries(Object.entries(files).filter(([file]) => !file.includes('miniprogram_npm')))
}
