import { kit } from '@chaguan/mini-kit'
import type { Client } from '@chaguan/sdk'
import { FakeClient, gallery } from '../../../fixture/fake'

interface Asked {
  context: unknown
}

/** A client whose server can't be reached the first time. */
class Unlucky extends FakeClient {
  readonly asked: Asked[] = []
  private tries = 0

  online(): Promise<void> {
    return this.tries++ ? Promise.resolve() : Promise.reject(new Error('unavailable'))
  }

  constructor() {
    super(gallery())
    Object.assign(this.conversations, {
      openService: (asked: Asked) => {
        this.asked.push(asked)
        return Promise.resolve({ conversation: { id: 'c1' } })
      },
    })
  }
}

const client = new Unlucky()

Page({
  data: { context: { page: '/pages/product/index?id=7' } },
  ready: '',

  onLoad(query: { language?: string }) {
    kit.setLanguage(query.language === 'en' ? 'en' : 'zh-CN')
  },
  onReady(event?: WechatMiniprogram.CustomEvent<{ id: string }>) {
    // The page's own onReady has no event.
    if (event?.detail) this.ready = event.detail.id
  },
  /** For the test: the app has its client. */
  begin() {
    kit.use(client as unknown as Client, { endpoint: '' })
  },
  told() {
    return { ready: this.ready, asked: client.asked }
  },
})
