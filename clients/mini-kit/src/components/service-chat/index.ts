import { kit } from '../../kit'

type Event<T extends object> = WechatMiniprogram.CustomEvent<T>

const PATIENCE_MS = 15_000
const offs = new WeakMap<object, () => void>()

/**
 * The chat with the shop, whole: opens the customer's one conversation with it and shows `chat`. `context` tells the
 * agent where the customer comes from: `{page: '/pages/product/index?id=7'}`. Properties and events of `chat` besides;
 * events `ready` {id} once the conversation is known, `rated` {stars}. Above it stands `service-head` with `title`, unless
 * `headless` is set.
 */
Component({
  externalClasses: ['custom-class'],
  properties: {
    context: { type: Object, value: {} as Record<string, unknown> },
    suggestion: { type: Object, value: null as unknown as Record<string, never> },
    tools: { type: Array, value: [] as { id: string; label: string }[] },
    handleCards: Boolean,
    searchable: Boolean,
    location: Boolean,
    title: String,
    headless: Boolean,
  },
  data: { id: '', failed: false, texts: kit.texts, look: kit.look },
  lifetimes: {
    attached() {
      offs.set(
        this,
        kit.onChange((isOther) => this.follow(isOther)),
      )
      void this.open()
    },
    detached() {
      offs.get(this)?.()
    },
  },
  methods: {
    /** Another language or look, or a client where there was none. */
    follow(isOther = false) {
      this.setData({ texts: kit.texts, look: kit.look, ...(isOther && { id: '' }) })
      if (!this.data.id) void this.open()
    },

    async open() {
      const { client } = kit
      if (!client) return
      this.setData({ failed: false })
      try {
        await client.online(PATIENCE_MS)
        const { conversation } = await client.conversations.openService({ context: this.data.context })
        // Meanwhile the app may have another user.
        if (client !== kit.client) return
        this.setData({ id: conversation.id })
        this.triggerEvent('ready', { id: conversation.id })
      } catch {
        // Whatever it was: the customer can only try again.
        if (client === kit.client) this.setData({ failed: true })
      }
    },

    onCard(event: Event<object>) {
      this.triggerEvent('card', event.detail)
    },

    onTool(event: Event<object>) {
      this.triggerEvent('tool', event.detail)
    },

    onRated(event: Event<object>) {
      this.triggerEvent('rated', event.detail)
    },

    onSent(event: Event<object>) {
      this.triggerEvent('sent', event.detail)
    },
  },
})
