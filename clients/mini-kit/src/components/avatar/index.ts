/** A picture, or the initial of a name on a colour that stays the same for the same person. */
const COLORS = ['#3f7a63', '#8a5a3c', '#4d6b8f', '#93643f', '#6b5b8c', '#2f7d80', '#9a4f4a', '#65743a']

function initialOf(name: string): string {
  const trimmed = name.trim()
  // Chinese given names stand last; the family name says less.
  if (/^[\u4e00-\u9fff]{2,4}$/.test(trimmed)) return trimmed.slice(-1)
  return (Array.from(trimmed)[0] ?? '?').toUpperCase()
}

function colorOf(seed: string): string {
  let sum = 0
  for (let i = 0; i < seed.length; i++) sum = (sum * 31 + seed.charCodeAt(i)) >>> 0
  return COLORS[sum % COLORS.length] as string
}

Component({
  externalClasses: ['custom-class'],
  properties: {
    src: String,
    name: String,
    /** What the colour is made from; default: the name. */
    seed: String,
    /** In px. */
    size: { type: Number, value: 40 },
  },
  data: { initial: '', color: '', broken: false },
  observers: {
    'name, seed': function (name: string, seed: string) {
      this.setData({ initial: initialOf(name), color: colorOf(seed || name) })
    },
    src() {
      this.setData({ broken: false })
    },
  },
  methods: {
    onError() {
      this.setData({ broken: true })
    },
  },
})
