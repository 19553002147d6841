import type { Case } from '@chaguan/sdk'
import { kit } from '@chaguan/mini-kit/kit'
import { fill } from '@chaguan/mini-kit/texts'
import { colleagues, queueAims, targetOf, type Aim } from '../../aims'
import { refusalText } from '../../refusals'
import { seat } from '../../seat'
import { wordsOf } from '../../words'

type Event<T extends object> = WechatMiniprogram.CustomEvent<T>

const offs = new WeakMap<object, (() => void)[]>()

/** To whom a case is passed on, with a note for colleagues: a sheet over the page. Events: `passed`, `close`. */
Component({
  externalClasses: ['custom-class'],
  properties: { caseId: String },
  data: {
    people: [] as Aim[],
    queues: [] as Aim[],
    chosen: '',
    label: '',
    note: '',
    problem: '',
    busy: false,
    keyboard: 0,
    words: wordsOf(kit.language),
    look: kit.look,
  },
  lifetimes: {
    attached() {
      const draw = () => this.draw()
      offs.set(this, [kit.onChange(draw), seat.onChange(draw)])
      this.draw()
    },
    detached() {
      offs.get(this)?.forEach((off) => off())
    },
  },
  methods: {
    draw() {
      const words = wordsOf(kit.language)
      const one: Case | undefined = seat.cases().find(({ id }) => id === this.data.caseId)
      const people = one ? colleagues(seat, one) : []
      const queues = one ? queueAims(seat, one) : []
      // Who has gone meanwhile is not chosen any more.
      const aim = [...people, ...queues].find(({ key, off }) => key === this.data.chosen && !off)
      const label = aim ? fill(words.passTo, { name: aim.name }) : words.passTitle
      this.setData({ words, look: kit.look, people, queues, chosen: aim?.key ?? '', label })
    },

    choose(event: WechatMiniprogram.TouchEvent) {
      const { key } = event.currentTarget.dataset as { key: string }
      this.setData({ chosen: key, problem: '' })
      this.draw()
    },

    onNote(event: Event<{ value: string }>) {
      this.setData({ note: event.detail.value })
    },

    onKeyboard(event: Event<{ height: number }>) {
      this.setData({ keyboard: event.detail.height })
    },

    async send() {
      const { caseId, chosen, note, busy } = this.data
      const { desk } = seat
      if (!desk || !chosen || busy) return
      this.setData({ busy: true, problem: '' })
      try {
        await desk.transfer(caseId, targetOf(chosen), note.trim())
        this.triggerEvent('passed')
      } catch (error) {
        this.setData({ busy: false, problem: refusalText(error) })
      }
    },

    close() {
      this.triggerEvent('close')
    },

    noop() {
      // A touch that must not fall through.
    },
  },
})
