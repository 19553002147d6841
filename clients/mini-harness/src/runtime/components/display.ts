// Small things that only show: icon, progress, video, and the containers around a page.
import { assetUrl } from '../assets'
import { claimContainer, releaseContainer } from '../containers'
import { make } from '../screen'
import { convertUnits } from '../units'
import { define, type Host } from './define'

const stroke = (path: string) =>
  `<path d="${path}" fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>`
const ICONS: Record<string, { color: string; inside: string; bare?: true }> = {
  success: { color: '#09BB07', inside: stroke('m7 12.5 3.5 3.5L17 8.5') },
  success_no_circle: { color: '#09BB07', inside: 'm5 12.5 5 5L19 7', bare: true },
  info: { color: '#10AEFF', inside: stroke('M12 11v6M12 7.5v.1') },
  warn: { color: '#F76260', inside: stroke('M12 7v6M12 16.5v.1') },
  waiting: { color: '#10AEFF', inside: stroke('M12 7v5.5l3.5 2') },
  cancel: { color: '#F43530', inside: stroke('m8.5 8.5 7 7m0-7-7 7') },
  clear: { color: '#B2B2B2', inside: stroke('m8.5 8.5 7 7m0-7-7 7') },
  download: { color: '#09BB07', inside: stroke('M12 7v8m-3.5-3 3.5 3.5 3.5-3.5') },
  search: { color: '#B2B2B2', inside: 'M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13m5 11.5L20 20', bare: true },
}

type IconProps = { type: string; size: number | string; color: string }

function drawIcon({ dom, props }: Host<IconProps>): void {
  const icon = ICONS[props.type]
  if (!icon) return dom.replaceChildren()
  const color = props.color || icon.color
  const drawing = icon.bare
    ? `<path d="${icon.inside}" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>`
    : `<circle cx="12" cy="12" r="11" fill="currentColor"/>${icon.inside}`
  const size = /^\d+$/.test(String(props.size)) ? `${props.size}px` : convertUnits(String(props.size))
  dom.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true">${drawing}</svg>`
  const svg = dom.firstElementChild as SVGElement
  Object.assign(svg.style, { width: size, height: size, color })
}

type ProgressProps = {
  percent: number
  showInfo: boolean
  strokeWidth: number | string
  activeColor: string
  backgroundColor: string
  active: boolean
}

function mountProgress(host: Host<ProgressProps>) {
  const track = make('div', 'mp-progress', host.dom)
  const bar = make('i', '', track)
  const label = make('span', '', host.dom)
  host.dom.setAttribute('role', 'progressbar')
  const draw = () => {
    const { percent, showInfo, strokeWidth, activeColor, backgroundColor, active } = host.props
    track.style.height = `${Number.parseFloat(String(strokeWidth))}px`
    track.style.background = backgroundColor
    bar.style.cssText = `width:${percent}%;${activeColor ? `--mp-color:${activeColor};` : ''}${active ? 'transition:width .6s' : ''}`
    label.textContent = showInfo ? `${percent}%` : ''
    host.dom.setAttribute('aria-valuenow', String(percent))
  }
  draw()
  return { changed: draw }
}

type VideoProps = {
  src: string
  poster: string
  controls: boolean
  autoplay: boolean
  loop: boolean
  muted: boolean
  objectFit: string
}

function mountVideo(host: Host<VideoProps>) {
  const video = make('video', '') as HTMLVideoElement
  host.dom.prepend(video)
  video.playsInline = true
  const draw = () => {
    const { src, poster, controls, autoplay, loop, muted, objectFit } = host.props
    const url = assetUrl(src, host.owner)
    if (video.getAttribute('src') !== url) video.setAttribute('src', url)
    if (poster) video.poster = assetUrl(poster, host.owner)
    Object.assign(video, { controls, autoplay, loop, muted })
    video.style.objectFit = objectFit
  }
  for (const type of ['play', 'pause', 'ended', 'waiting'] as const) video.addEventListener(type, () => host.emit(type))
  video.addEventListener('timeupdate', () =>
    host.emit('timeupdate', { currentTime: video.currentTime, duration: video.duration }),
  )
  video.addEventListener('loadedmetadata', () =>
    host.emit('loadedmetadata', { width: video.videoWidth, height: video.videoHeight, duration: video.duration }),
  )
  video.addEventListener('error', () => host.emit('error', { errMsg: 'MEDIA_ERR_SRC_NOT_SUPPORTED' }))
  draw()
  return { changed: draw, unmounted: () => video.pause() }
}

type ContainerProps = {
  show: boolean
  overlay: boolean
  position: string
  closeOnSlideDown: boolean
  customStyle: string
}

function mountPageContainer(host: Host<ContainerProps>) {
  const overlay = make('div', 'mp-container-overlay')
  const page = host.dom.closest('.mp-page')
  const close = () => host.set({ show: false })
  host.dom.prepend(overlay)
  overlay.addEventListener('click', () => {
    host.emit('clickoverlay')
    close()
  })
  const draw = (initial: boolean) => {
    const { show, overlay: dimmed } = host.props
    overlay.hidden = !dimmed
    if (host.dom.hasAttribute('data-shown') === show) return
    if (page && show && !claimContainer(page, close))
      return console.warn('page-container: this page shows one already; a phone adds no second')
    if (page && !show) releaseContainer(page, close)
    host.dom.toggleAttribute('data-shown', show)
    if (initial && !show) return
    const steps = show ? ['beforeenter', 'enter', 'afterenter'] : ['beforeleave', 'leave', 'afterleave']
    // They come from the view's thread: later, and never from what is gone by then.
    void Promise.resolve().then(() => steps.forEach((step) => host.dom.isConnected && host.emit(step)))
  }
  draw(true)
  return {
    changed: (name: string) => name === 'show' && draw(false),
    unmounted: () => page && releaseContainer(page, close),
  }
}

type MetaProps = { pageStyle: string; rootFontSize: string; scrollTop: string; backgroundColor: string }

function mountPageMeta(host: Host<MetaProps>) {
  const page = host.dom.closest<HTMLElement>('wx-page')
  const draw = () => {
    if (!page) return
    page.style.cssText = convertUnits(host.props.pageStyle)
    if (host.props.backgroundColor) page.style.backgroundColor = host.props.backgroundColor
    if (host.props.scrollTop) page.scrollTop = Number.parseFloat(host.props.scrollTop)
  }
  draw()
  return { changed: draw }
}

export function defineDisplay(): void {
  define<IconProps>('icon', {
    properties: { type: String, size: { type: Number, value: 23, optionalTypes: [String] }, color: String },
    mount: (host) => {
      drawIcon(host)
      return { changed: () => drawIcon(host) }
    },
  })
  define<ProgressProps>('progress', {
    properties: {
      percent: Number,
      showInfo: Boolean,
      strokeWidth: { type: Number, value: 6, optionalTypes: [String] },
      activeColor: String,
      color: String,
      backgroundColor: String,
      active: Boolean,
      activeMode: String,
      duration: Number,
      borderRadius: Number,
      fontSize: Number,
    },
    mount: mountProgress,
  })
  define<VideoProps>('video', {
    properties: {
      src: String,
      poster: String,
      controls: { type: Boolean, value: true },
      autoplay: Boolean,
      loop: Boolean,
      muted: Boolean,
      objectFit: { type: String, value: 'contain' },
      duration: Number,
      title: String,
      showCenterPlayBtn: Boolean,
      showFullscreenBtn: Boolean,
      enableProgressGesture: Boolean,
      initialTime: Number,
      direction: Number,
    },
    mount: mountVideo,
  })
  define<ContainerProps>('page-container', {
    properties: {
      show: Boolean,
      overlay: { type: Boolean, value: true },
      position: { type: String, value: 'bottom' },
      closeOnSlideDown: Boolean,
      customStyle: String,
      round: Boolean,
      duration: Number,
      zIndex: Number,
      overlayStyle: String,
    },
    mount: mountPageContainer,
  })
  define<MetaProps>('page-meta', {
    properties: {
      pageStyle: String,
      rootFontSize: String,
      scrollTop: String,
      backgroundColor: String,
      backgroundTextStyle: String,
      pageFontSize: String,
    },
    mount: mountPageMeta,
  })
  define('root-portal', { properties: { enable: { type: Boolean, value: true } }, mount: () => undefined })
}
