import { waysBack, type Way, type WaysBack } from '../../ways-back'

interface Held {
  ways: WaysBack
  way: Way
}

const holding = new WeakMap<object, Held>()

/**
 * While `active`, going back by gesture, key or arrow tells `back` instead of leaving the page; of several that are, the
 * one that came last. It draws nothing.
 */
Component({
  externalClasses: ['custom-class'],
  properties: { active: Boolean },
  data: { mine: false, shown: false },
  observers: {
    active(active: boolean) {
      const held = holding.get(this) ?? (active ? this.begin() : null)
      if (active) held?.ways.add(held.way)
      else held?.ways.remove(held.way)
    },
  },
  lifetimes: {
    detached() {
      const held = holding.get(this)
      holding.delete(this)
      held?.ways.forget(held.way)
    },
  },
  methods: {
    /** When it is first active: by then its page is the one on screen. */
    begin(): Held {
      const way: Way = {
        hold: (shown) => this.setData({ mine: shown !== null, shown: shown === true }),
        back: () => this.triggerEvent('back'),
      }
      const held = { ways: waysBack(), way }
      holding.set(this, held)
      return held
    },

    closed() {
      // It closed by itself where somebody went back: only a change shows it again.
      this.setData({ shown: false })
      holding.get(this)?.ways.closed()
    },
  },
})
