/** A picture, or the initial of a name on a colour that stays the same for the same person. */
const TONES = 8

function initialOf(name: string): string {
  const trimmed = name.trim()
  // Chinese given names stand last; the family name says less.
  if (/^[\u4e00-\u9fff]{2,4}$/.test(trimmed)) return trimmed.slice(-1)
  return (Array.from(trimmed)[0] ?? '?').toUpperCase()
}

function toneOf(seed: string): number {
  let sum = 0
  for (let i = 0; i < seed.length; i++) sum = (sum * 31 + seed.charCodeAt(i)) >>> 0
  return sum % TONES
}

Component({
  externalClasses: ['custom-class'],
  properties: {
    src: String,
    name: String,
    /** What the colour is made from; default: the name. */
    seed: String,
    /** In px; default: `--k-side` of what surrounds it, or 40. */
    size: Number,
  },
  /** `failed`: the picture that did not come. */
  data: { initial: '', tone: 0, failed: '' },
  observers: {
    // One call for each face of a list, and none where a picture needs neither.
    'src, name, seed': function (src: string) {
      if (!src || src === this.data.failed) this.draw({})
    },
  },
  methods: {
    draw(more: object) {
      const { name, seed } = this.data
      this.setData({ initial: initialOf(name), tone: toneOf(seed || name), ...more })
    },

    onError() {
      this.draw({ failed: this.data.src })
    },
  },
})
