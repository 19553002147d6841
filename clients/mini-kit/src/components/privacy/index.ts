import { kit } from '../../kit'
import { privacy } from '../../privacy'
import { fill } from '../../texts'

const AGREE = 'cg-privacy-agree'

const offs = new WeakMap<object, (() => void)[]>()

/**
 * The sheet that asks for consent to the 隐私保护指引 in the kit's own look, in place of WeChat's. Put one on each page
 * that uses the microphone, album, files or places. Events: `agree`, `refuse`.
 */
Component({
  externalClasses: ['custom-class'],
  data: { open: false, id: AGREE, line: '', contract: '', texts: kit.texts, look: kit.look },
  lifetimes: {
    attached() {
      const dress = () => this.setData({ texts: kit.texts, look: kit.look })
      offs.set(this, [kit.onChange(dress)])
      dress()
      this.claim()
    },
    detached() {
      offs.get(this)?.forEach((off) => off())
      if (this.data.open) privacy.answer({ event: 'disagree' })
    },
  },
  pageLifetimes: {
    show() {
      this.claim()
    },
    hide() {
      this.release()
    },
  },
  methods: {
    /** The page is on screen: its sheet is the one that asks. */
    claim() {
      this.release()
      offs.get(this)?.push(privacy.show((open) => (open ? this.ask() : this.setData({ open: false }))))
    },

    release() {
      const held = offs.get(this)
      held?.splice(1).forEach((off) => off())
    },

    ask() {
      const { texts } = kit
      const tell = (name: string) =>
        this.setData({ open: true, contract: name, line: fill(texts.privacyText, { name: name || texts.privacyName }) })
      if (typeof wx.getPrivacySetting !== 'function') return tell('')
      wx.getPrivacySetting({ success: ({ privacyContractName }) => tell(privacyContractName), fail: () => tell('') })
    },

    read() {
      wx.openPrivacyContract?.({ fail: () => void wx.showToast({ title: kit.texts.openFailed, icon: 'none' }) })
    },

    /** After the host itself has seen the tap on its button. */
    agree() {
      privacy.answer({ event: 'agree', buttonId: AGREE })
      this.triggerEvent('agree')
    },

    refuse() {
      privacy.answer({ event: 'disagree' })
      this.triggerEvent('refuse')
    },

    noop() {
      // A touch that must not fall through.
    },
  },
})
