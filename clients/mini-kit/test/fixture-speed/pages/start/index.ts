import { kit } from '@chaguan/mini-kit'
import type { Client } from '@chaguan/sdk'
import { begin } from '../../talk'

Page({
  onLoad(query: { count: string }) {
    kit.setLanguage('zh-CN')
    kit.use(begin(Number(query.count)) as unknown as Client, { endpoint: '' })
  },
})
