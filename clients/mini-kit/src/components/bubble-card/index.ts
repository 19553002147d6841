interface CardAction {
  id: string
  page: string
  url: string
  /** What a tap takes up; empty for a button that leads somewhere. */
  intent?: string
}

Component({
  externalClasses: ['custom-class'],
  properties: { body: Object },
  methods: {
    open() {
      this.tell({ id: '', page: (this.data.body as { page: string }).page, url: '' })
    },
    act(event: WechatMiniprogram.TouchEvent) {
      const { index } = event.currentTarget.dataset as { index: number }
      const action = (this.data.body as { actions: CardAction[] }).actions[index]
      if (action) this.tell(action)
    },
    tell(action: CardAction) {
      this.triggerEvent(
        'card',
        { action: action.id, page: action.page, url: action.url, intent: action.intent ?? '', card: this.data.body },
        { bubbles: true, composed: true },
      )
    },
  },
})
