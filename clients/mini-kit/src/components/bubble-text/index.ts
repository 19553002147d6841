import { kit } from '../../kit'

Component({
  externalClasses: ['custom-class'],
  properties: { body: Object, mine: Boolean },
  methods: {
    /** Mini programs may not open any address: it is copied for the browser. */
    copyLink(event: WechatMiniprogram.TouchEvent) {
      const { link } = event.currentTarget.dataset as { link: string }
      wx.setClipboardData({ data: link, success: () => void wx.showToast({ title: kit.texts.copied, icon: 'none' }) })
    },
  },
})
