import { heard } from '../../heard'
import { kit } from '../../kit'
import { player, type Playing } from '../../player'

interface Voice {
  kind: string
  src: string
  seconds: number
  bars: unknown[]
  at?: number
  theirs?: boolean
}

const offs = new WeakMap<object, (() => void)[]>()

/** A voice note: its waveform fills while it plays, a dot tells that it was not heard on this phone yet. */
Component({
  externalClasses: ['custom-class'],
  properties: { body: Object, mine: Boolean, rowKey: String },
  data: { playing: false, played: 0, fresh: false, unheardText: kit.texts.unheard },
  lifetimes: {
    attached() {
      const key = this.data.rowKey
      const playing = player.playing === key && key !== ''
      this.setData({ playing, fresh: this.isFresh(), unheardText: kit.texts.unheard })
      offs.set(this, [
        player.onChange((now) => this.follow(now)),
        heard.onChange((known) => known === this.data.rowKey && this.setData({ fresh: false })),
      ])
    },
    detached() {
      offs.get(this)?.forEach((off) => off())
    },
  },
  methods: {
    isFresh(): boolean {
      const { at = 0, theirs = false } = this.data.body as Partial<Voice>
      return theirs && heard.isFresh(this.data.rowKey, at)
    },

    /** Only whole bars cross to the view. */
    follow({ key, progress, failed }: Playing) {
      const own = key !== '' && key === this.data.rowKey
      if (own && failed) return this.failed()
      const played = own ? Math.ceil(progress * (this.data.body as Voice).bars.length) : 0
      if (own !== this.data.playing) this.setData({ playing: own, played })
      else if (played !== this.data.played) this.setData({ played })
    },

    /** Signed links expire: the list asks for a fresh one. */
    failed() {
      this.setData({ playing: false, played: 0 })
      void wx.showToast({ title: kit.texts.voiceFailed, icon: 'none' })
      this.triggerEvent('expired', {}, { bubbles: true, composed: true })
    },

    toggle() {
      const { src, seconds, at = 0 } = this.data.body as Voice
      if (src) player.toggle({ key: this.data.rowKey, src, at, duration_ms: seconds * 1000, fresh: this.data.fresh })
    },
  },
})
