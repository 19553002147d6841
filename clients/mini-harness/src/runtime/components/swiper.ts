import { make } from '../screen'
import { define, onDrag, type Host } from './define'

type Props = {
  indicatorDots: boolean
  indicatorColor: string
  indicatorActiveColor: string
  autoplay: boolean
  current: number
  interval: number
  duration: number
  circular: boolean
  vertical: boolean
}

const properties = {
  indicatorDots: Boolean,
  indicatorColor: { type: String, value: 'rgba(0,0,0,.3)' },
  indicatorActiveColor: { type: String, value: '#000' },
  autoplay: Boolean,
  current: { type: Number, value: 0 },
  interval: { type: Number, value: 5000 },
  duration: { type: Number, value: 500 },
  circular: Boolean,
  vertical: Boolean,
  previousMargin: String,
  nextMargin: String,
  snapToEdge: Boolean,
  displayMultipleItems: Number,
  easingFunction: String,
}

class Swiper {
  private readonly dots = make('div', 'mp-dots')
  private timer: ReturnType<typeof setInterval> | undefined

  constructor(private readonly host: Host<Props>) {
    host.dom.append(this.dots)
    onDrag(host.dom, {
      move: (dx, dy) => {
        const along = host.props.vertical ? dy : dx
        this.place(along)
        return Math.abs(along) > 6
      },
      end: (dx, dy) => this.release(host.props.vertical ? dy : dx),
    })
    // Items come and go with wx:for.
    new MutationObserver(() => this.place(0)).observe(host.dom, { childList: true })
    this.place(0)
    this.restart()
  }

  private items(): HTMLElement[] {
    return [...this.host.dom.querySelectorAll<HTMLElement>(':scope > wx-swiper-item')]
  }

  place(offset: number): void {
    const { current, vertical, duration, indicatorDots, indicatorColor, indicatorActiveColor } = this.host.props
    const items = this.items()
    this.host.dom.style.setProperty('--mp-duration', offset ? '0ms' : `${duration}ms`)
    items.forEach((item, index) => {
      const at = `calc(${(index - current) * 100}% + ${offset}px)`
      item.style.transform = vertical ? `translateY(${at})` : `translateX(${at})`
      item.setAttribute('aria-hidden', String(index !== current))
    })
    this.dots.style.setProperty('--mp-dot', indicatorColor)
    this.dots.style.setProperty('--mp-dot-on', indicatorActiveColor)
    const wanted = indicatorDots ? items.length : 0
    if (this.dots.childElementCount !== wanted)
      this.dots.replaceChildren(...items.slice(0, wanted).map(() => make('i', '')))
    ;[...this.dots.children].forEach((dot, index) => dot.classList.toggle('mp-on', index === current))
  }

  restart(): void {
    clearInterval(this.timer)
    const { autoplay, interval } = this.host.props
    if (autoplay) this.timer = setInterval(() => this.go(this.host.props.current + 1, 'autoplay', true), interval)
  }

  stop(): void {
    clearInterval(this.timer)
  }

  private release(along: number): void {
    const size = this.host.props.vertical ? this.host.dom.clientHeight : this.host.dom.clientWidth
    const step = Math.abs(along) > size / 4 ? -Math.sign(along) : 0
    this.go(this.host.props.current + step, 'touch', this.host.props.circular)
    this.restart()
  }

  private go(wanted: number, source: string, wrap: boolean): void {
    const count = this.items().length
    if (count === 0) return
    const current = wrap ? (wanted + count) % count : Math.min(Math.max(wanted, 0), count - 1)
    const moved = current !== this.host.props.current
    if (moved) this.host.set({ current })
    this.place(0)
    if (moved) this.tell(source)
  }

  tell(source: string): void {
    const { current, duration } = this.host.props
    const detail = { current, currentItemId: '', source }
    this.host.emit('change', detail)
    setTimeout(() => this.host.emit('animationfinish', detail), duration)
  }
}

function mount(host: Host<Props>) {
  const swiper = new Swiper(host)
  return {
    changed(name: string) {
      swiper.place(0)
      if (name === 'autoplay' || name === 'interval') swiper.restart()
    },
    unmounted: () => swiper.stop(),
  }
}

export function defineSwiper(): void {
  define<Props>('swiper', { properties, mount })
  define('swiper-item', { properties: { itemId: String, skipHiddenItemLayout: Boolean }, mount: () => undefined })
}
