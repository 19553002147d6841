import { tellFailure } from '../../hosts'
import { kit } from '../../kit'
import { startRecording, stopRecording, type Recording } from '../../recorder'
import { fill } from '../../texts'

const CANCEL_PX = 70
const SHORTEST_MS = 1000
const LONGEST_S = 60
const WARN_S = 10

interface Hold {
  startY: number
  released: boolean
  cancelled: boolean
  startedAt: number
  timer: ReturnType<typeof setInterval> | null
}

export interface PickedMedia {
  kind: 'image' | 'video' | 'file' | 'voice'
  path: string
  name?: string
  width?: number
  height?: number
  size?: number
  duration_ms?: number
}

const holds = new WeakMap<object, Hold>()
const offs = new WeakMap<object, () => void>()

/**
 * Where messages are made. Events: `send` {text}, `media` {kind, path, …}, `typing`, `unquote`, `resize`, `tool` {id}.
 * `tools`: own entries of the panel, [{id, label}].
 */
Component({
  externalClasses: ['custom-class', 'field-class'],
  properties: {
    /** Text of the quoted message, empty for none. */
    quote: String,
    /** What is being written; set it to restore a draft. */
    draft: String,
    tools: { type: Array, value: [] as { id: string; label: string }[] },
    maxLength: { type: Number, value: 5000 },
  },
  data: {
    text: '',
    mode: 'text',
    panel: '',
    focus: false,
    keyboard: 0,
    hold: '',
    left: '',
    texts: kit.texts,
    look: kit.look,
  },
  observers: {
    draft(draft: string) {
      if (draft !== this.data.text) this.setData({ text: draft })
    },
    quote(quote: string) {
      if (quote) this.setData({ mode: 'text', focus: true, panel: '' })
      this.resize()
    },
  },
  lifetimes: {
    attached() {
      const dress = () => this.setData({ texts: kit.texts, look: kit.look })
      offs.set(this, kit.onChange(dress))
      dress()
    },
    detached() {
      offs.get(this)?.()
      this.endHold(true)
    },
  },
  methods: {
    onInput(event: WechatMiniprogram.Input) {
      this.setText(event.detail.value)
      if (event.detail.value) this.triggerEvent('typing')
    },

    setText(text: string) {
      this.setData({ text })
      this.triggerEvent('change', { text })
    },

    send() {
      const text = this.data.text.trim()
      if (!text) return
      this.setText('')
      this.triggerEvent('send', { text })
    },

    onFocus() {
      if (this.data.panel) this.setData({ panel: '' })
      this.setData({ focus: true })
      this.resize()
    },

    onBlur() {
      this.setData({ focus: false, keyboard: 0 })
      this.resize()
    },

    onKeyboard(event: WechatMiniprogram.CustomEvent<{ height: number }>) {
      this.setData({ keyboard: event.detail.height })
      this.resize()
    },

    /** After the new height was drawn. */
    resize() {
      wx.nextTick(() => this.triggerEvent('resize'))
    },

    closePanel() {
      if (this.data.panel) this.setData({ panel: '' }, () => this.resize())
    },

    toggleVoice() {
      if (this.data.mode === 'voice') return this.setData({ mode: 'text', focus: true })
      this.setData({ mode: 'voice', panel: '', focus: false }, () => this.resize())
      // Asked now, so that no dialog appears under a finger that holds the button.
      wx.authorize({ scope: 'scope.record', fail: ({ errMsg }) => tellFailure(errMsg) })
    },

    toggleEmoji() {
      this.toggle('emoji')
    },

    toggleMore() {
      this.toggle('more')
    },

    toggle(panel: string) {
      const open = this.data.panel === panel ? '' : panel
      this.setData({ panel: open, mode: 'text', focus: false, keyboard: 0 }, () => this.resize())
    },

    onEmoji(event: WechatMiniprogram.CustomEvent<{ emoji: string }>) {
      this.setText(this.data.text + event.detail.emoji)
    },

    onBackspace() {
      // An emoji is several code units; a person takes it for one.
      this.setText(Array.from(this.data.text).slice(0, -1).join(''))
    },

    unquote() {
      this.triggerEvent('unquote')
    },

    album() {
      this.chooseMedia(['album'])
    },

    camera() {
      this.chooseMedia(['camera'])
    },

    chooseMedia(sourceType: ('album' | 'camera')[]) {
      wx.chooseMedia({
        count: 9,
        mediaType: ['image', 'video'],
        sizeType: ['compressed'],
        sourceType,
        maxDuration: 60,
        success: ({ tempFiles }) => tempFiles.forEach((file) => this.pickMedia(file)),
        fail: ({ errMsg }) => tellFailure(errMsg),
      })
    },

    pickMedia({ fileType, tempFilePath: path, size, width, height, duration }: WechatMiniprogram.MediaFile) {
      if (fileType === 'video')
        return this.picked({ kind: 'video', path, size, width, height, duration_ms: duration * 1000 })
      // Phones give the measures of videos only.
      wx.getImageInfo({
        src: path,
        success: (info) => this.picked({ kind: 'image', path, size, width: info.width, height: info.height }),
        fail: () => this.picked({ kind: 'image', path, size }),
      })
    },

    chooseFile() {
      wx.chooseMessageFile({
        count: 9,
        type: 'all',
        success: ({ tempFiles }) =>
          tempFiles.forEach(({ path, name, size }) => this.picked({ kind: 'file', path, name, size })),
        fail: ({ errMsg }) => tellFailure(errMsg),
      })
    },

    useTool(event: WechatMiniprogram.TouchEvent) {
      this.triggerEvent('tool', { id: (event.currentTarget.dataset as { id: string }).id })
    },

    picked(media: PickedMedia) {
      this.triggerEvent('media', media)
    },

    holdStart(event: WechatMiniprogram.TouchEvent) {
      const hold: Hold = {
        startY: event.touches[0]?.clientY ?? 0,
        released: false,
        cancelled: false,
        startedAt: 0,
        timer: null,
      }
      holds.set(this, hold)
      this.setData({ hold: 'on', left: '' })
      if (typeof wx.vibrateShort === 'function') wx.vibrateShort({ type: 'light', fail: () => undefined })
      startRecording({
        started: () => this.recordingStarted(hold),
        done: (recording) => this.recorded(hold, recording),
        failed: (errMsg) => {
          this.endHold(true)
          tellFailure(errMsg)
        },
      })
    },

    holdMove(event: WechatMiniprogram.TouchEvent) {
      const hold = holds.get(this)
      if (!hold) return
      const cancelled = hold.startY - (event.touches[0]?.clientY ?? 0) > CANCEL_PX
      if (cancelled !== hold.cancelled) this.setData({ hold: cancelled ? 'cancel' : 'on' })
      hold.cancelled = cancelled
    },

    holdEnd() {
      this.endHold(false)
    },

    holdCancel() {
      this.endHold(true)
    },

    endHold(cancelled: boolean) {
      const hold = holds.get(this)
      if (!hold || hold.released) return
      hold.released = true
      hold.cancelled = hold.cancelled || cancelled
      if (hold.timer) clearInterval(hold.timer)
      this.setData({ hold: '' })
      // A recorder that has not started yet refuses to stop; it is stopped when it has.
      if (hold.startedAt) stopRecording()
    },

    recordingStarted(hold: Hold) {
      hold.startedAt = Date.now()
      if (hold.released) return stopRecording()
      hold.timer = setInterval(() => {
        const left = LONGEST_S - Math.round((Date.now() - hold.startedAt) / 1000)
        if (left <= WARN_S) this.setData({ left: fill(kit.texts.secondsLeft, { n: Math.max(0, left) }) })
      }, 1000)
    },

    recorded(hold: Hold, { path, duration_ms, size }: Recording) {
      this.endHold(false)
      if (hold.cancelled) return
      if (duration_ms < SHORTEST_MS) return void wx.showToast({ title: kit.texts.tooShort, icon: 'none' })
      this.picked({ kind: 'voice', path, duration_ms, size })
    },
  },
})
