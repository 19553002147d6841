import { chooseFile, chooseMedia, choosePlace, type PickedMedia } from '../../choosing'
import { Hold } from '../../holding'
import { tellFailure } from '../../hosts'
import { kit } from '../../kit'
import { insertMention, rewrite, typedAt, type Mention, type Writing } from '../../mentions'

/** The field is ready to be written in. */
const WRITING = { mode: 'text', panel: '', focus: true }

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
      holds.get(this)?.end(true)
    },
  },
  pageLifetimes: {
    hide() {
      holds.get(this)?.end(true)
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
      chooseMedia('album', (media) => this.picked(media))
    },

    camera() {
      chooseMedia('camera', (media) => this.picked(media))
    },

    chooseFile() {
      chooseFile((media) => this.picked(media))
    },

    choosePlace() {
      choosePlace((place) => this.triggerEvent('place', place))
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
      const host = {
        draw: (patch: object) => this.setData(patch),
        picked: (media: PickedMedia) => this.picked(media),
      }
      holds.set(this, new Hold(host, event.touches[0]?.clientY ?? 0))
    },

    holdMove(event: WechatMiniprogram.TouchEvent) {
      holds.get(this)?.move(event.touches[0]?.clientY ?? 0)
    },

    holdEnd() {
      holds.get(this)?.end(false)
    },

    holdCancel() {
      holds.get(this)?.end(true)
    },
  },
})
