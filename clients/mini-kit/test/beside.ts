// Three programs with the same page: TDesign alone, the kit alone, and both. Each part has its place on the screen, and
// an empty view has that place where the part is not.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

export type Parts = 'tdesign' | 'kit' | 'both'

const here = import.meta.dirname
const require = createRequire(import.meta.url)
/** The sources of the package as 构建 npm takes them. */
export const tdesignHome = path.join(
  path.dirname(require.resolve('tdesign-miniprogram/package.json')),
  'miniprogram_dist',
)

const TDESIGN = {
  components: {
    't-button': 'tdesign-miniprogram/button/button',
    't-cell': 'tdesign-miniprogram/cell/cell',
    't-cell-group': 'tdesign-miniprogram/cell-group/cell-group',
    't-dialog': 'tdesign-miniprogram/dialog/dialog',
    't-input': 'tdesign-miniprogram/input/input',
    't-switch': 'tdesign-miniprogram/switch/switch',
    't-tab-panel': 'tdesign-miniprogram/tab-panel/tab-panel',
    't-tabs': 'tdesign-miniprogram/tabs/tabs',
    't-tag': 'tdesign-miniprogram/tag/tag',
  },
  template: `
  <t-tabs default-value="all">
    <t-tab-panel label="全部订单" value="all"><view class="panel">明前龙井 × 2 <t-tag theme="primary">待付款</t-tag></view></t-tab-panel>
    <t-tab-panel label="待收货" value="sent" />
  </t-tabs>
  <t-cell-group>
    <t-cell title="开发票" hover><t-switch slot="note" default-value="{{true}}" /></t-cell>
    <t-input label="备注" placeholder="口味、送达时间" />
  </t-cell-group>
  <t-button theme="primary" block bind:tap="ask">去付款</t-button>
  <t-dialog visible="{{asking}}" title="现在付款？" content="共 ¥336" confirm-btn="付款" cancel-btn="再想想" bind:confirm="answered" bind:cancel="answered" />`,
}

const KIT = {
  components: {
    'cg-chat': '@chaguan/mini-kit/components/chat/index',
    'cg-conversation-list': '@chaguan/mini-kit/components/conversation-list/index',
  },
  template: `
  <view class="chat"><cg-chat conversation-id="c1" /></view>
  <view class="list"><cg-conversation-list /></view>`,
}

const STYLE = `
.tdesign { height: 320px; overflow: hidden; }
.panel { padding: 12px 16px; }
.kit { height: 440px; overflow: hidden; }
.chat { height: 280px; }
.list { height: 160px; }
`

const WITH_KIT = `
import { kit } from '@chaguan/mini-kit'
import { FakeClient, gallery } from '../../fake'
kit.setLanguage('zh-CN')
kit.use(new FakeClient(gallery().slice(0, 3)) as never, { endpoint: '' })
`

const SCRIPT = `
Page({
  data: { asking: false },
  ask() {
    this.setData({ asking: true })
  },
  answered() {
    this.setData({ asking: false })
  },
})
`

/** Writes the sources of a program into an empty folder. */
export function writeProgram(folder: string, parts: Parts): void {
  const hasTDesign = parts !== 'kit'
  const hasKit = parts !== 'tdesign'
  const usingComponents = { ...(hasTDesign && TDESIGN.components), ...(hasKit && KIT.components) }
  const page = 'pages/order/index'
  const theme = path.join(tdesignHome, 'common/style/theme/_index.wxss')
  const files = {
    // TDesign is light and dark by its theme, which a program imports in app.wxss.
    'app.wxss': hasTDesign ? fs.readFileSync(theme, 'utf8') : '',
    'app.json': JSON.stringify({ pages: [page], window: { navigationBarTitleText: '订单' }, darkmode: true }),
    'app.ts': 'App({})\n',
    [`${page}.json`]: JSON.stringify({ usingComponents, disableScroll: true }),
    [`${page}.wxml`]: `<view class="tdesign">${hasTDesign ? TDESIGN.template : ''}</view>\n<view class="kit">${hasKit ? KIT.template : ''}</view>\n`,
    [`${page}.wxss`]: STYLE,
    [`${page}.ts`]: `${hasKit ? WITH_KIT : ''}${SCRIPT}`,
    'fake.ts': fs.readFileSync(path.join(here, 'fixture/fake.ts'), 'utf8'),
  }
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    fs.writeFileSync(path.join(folder, name), text)
  }
}
