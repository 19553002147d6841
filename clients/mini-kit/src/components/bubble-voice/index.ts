import { player } from '../../player'

const offs = new WeakMap<object, () => void>()

Component({
  externalClasses: ['custom-class'],
  properties: { body: Object, mine: Boolean, rowKey: String },
  data: { playing: false },
  lifetimes: {
    attached() {
      this.setData({ playing: player.playing === this.data.rowKey && player.playing !== '' })
      offs.set(
        this,
        player.onChange((key) => {
          const playing = key === this.data.rowKey
          if (playing !== this.data.playing) this.setData({ playing })
        }),
      )
    },
    detached() {
      offs.get(this)?.()
    },
  },
  methods: {
    toggle() {
      const { src } = this.data.body as { src: string }
      if (src) player.toggle(this.data.rowKey, src)
    },
  },
})
