import { tellFailure } from '../../hosts'
import { kit } from '../../kit'
import { insertMention, rewrite, typedAt, type Mention, type Writing } from '../../mentions'
import { startRecording, stopRecording, type Recording } from '../../recorder'
import { fill } from '../../texts'
import { lengthText } from '../../times'

const CANCEL_PX = 70
const SHORTEST_MS = 1000
const LONGEST_S = 60
const WARN_S = 10
/** The field is ready to be written in. */
const WRITING = { mode: 'text', panel: '', focus: true }

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
/** Who is mentioned in what is being written. The view needs none of it. */
const mentioned = new WeakMap<object, readonly Mention[]>()
/** Where the @ was typed for which a name is being picked. */
const places = new WeakMap<object, number>()

/**
 * Where messages are made. Events: `send` {text, mentions}, `media` {kind, path, …}, `place` {latitude, longitude, name,
 * address}, `at` (an @ was typed: answer with `mention(who)`), `typing`, `change` {text, mentions}, `unquote`, `resize`,
 * `find`, `tool` {id}. `tools`: own entries of the panel, [{id, label}].
 */
Component({
  externalClasses: ['custom-class', 'field-class'],
  properties: {
    /** Text of the quoted message, empty for none. */
    quote: String,
    /** What is being written; set it to restore a draft. */
    draft: String,
    /** Who is mentioned in it: [{id, name}]. */
    draftMentions: { type: Array, value: [] as Mention[] },
    /** Offers to send a place; app.json must name `chooseLocation` in `requiredPrivateInfos`. */
    location: Boolean,
    /** Offers to search in the conversation. */
    searchable: Boolean,
    tools: { type: Array, value: [] as { id: string; label: string }[] },
    maxLength: { type: Number, value: 5000 },
  },
  data: {
    text: '',
    cursor: -1,
    mode: 'text',
    panel: '',
    focus: false,
    keyboard: 0,
    hold: '',
    left: '',
    elapsed: '',
    texts: kit.texts,
    look: kit.look,
  },
  observers: {
    'draft, draftMentions'(text: string, mentions: Mention[]) {
      mentioned.set(this, mentions)
      if (text !== this.data.text) this.setData({ text, cursor: -1 })
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
  pageLifetimes: {
    hide() {
      this.endHold(true)
    },
  },
  methods: {
    onInput(event: WechatMiniprogram.Input) {
      const { value, cursor } = event.detail
      const before = this.writing()
      const at = typedAt(before.text, value, cursor)
      this.write(rewrite(before, value))
      if (value) this.triggerEvent('typing')
      if (at < 0) return
      places.set(this, at)
      this.triggerEvent('at')
    },

    writing(): Writing {
      return { text: this.data.text, mentions: mentioned.get(this) ?? [] }
    },

    write({ text, mentions, cursor }: Writing & { cursor: number }, more: object = {}) {
      mentioned.set(this, mentions)
      this.setData({ text, cursor, ...more })
      this.triggerEvent('change', { text, mentions })
    },

    /** Puts a mention where the @ was typed. */
    mention(who: Mention) {
      const { text } = this.data
      this.write(insertMention(this.writing(), places.get(this) ?? text.length, who), WRITING)
    },

    /** Puts a text back that was sent once, after what is written already. */
    putBack({ text, mentions }: Writing) {
      const now = this.writing()
      const all = now.text + text
      this.write({ text: all, mentions: [...now.mentions, ...mentions], cursor: all.length }, WRITING)
      this.resize()
    },

    send() {
      // The space that ends a mention stays.
      const text = this.data.text.replace(/^[ \t\r\n\u3000]+|[ \t\r\n\u3000]+$/g, '')
      if (!text.trim()) return
      const mentions = (mentioned.get(this) ?? []).map(({ id }) => id)
      this.clear()
      this.triggerEvent('send', { text, mentions })
    },

    clear() {
      this.write({ text: '', mentions: [], cursor: -1 })
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
      this.write({ ...this.writing(), text: this.data.text + event.detail.emoji, cursor: -1 })
    },

    onBackspace() {
      // An emoji is several code units; a person takes it for one.
      const before = this.writing()
      this.write(rewrite(before, Array.from(before.text).slice(0, -1).join('')))
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

    choosePlace() {
      wx.chooseLocation({
        success: ({ latitude, longitude, name, address }) =>
          this.triggerEvent('place', { latitude, longitude, name, address }),
        fail: ({ errMsg }) => tellFailure(errMsg),
      })
    },

    find() {
      this.closePanel()
      this.triggerEvent('find')
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
      this.setData({ hold: 'on', left: '', elapsed: '' })
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
        const spoken = Date.now() - hold.startedAt
        const left = Math.max(0, LONGEST_S - Math.round(spoken / 1000))
        const warning = left <= WARN_S ? fill(kit.texts.secondsLeft, { n: left }) : ''
        this.setData({ elapsed: lengthText(spoken), left: warning })
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
