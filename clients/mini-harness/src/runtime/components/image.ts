import { assetUrl } from '../assets'
import { define, type Host } from './define'

type Props = {
  src: string
  mode: string
  lazyLoad: boolean
  fadeIn: boolean
  webp: boolean
  showMenuByLongpress: boolean
}

const POSITIONS = new Set([
  'top',
  'bottom',
  'center',
  'left',
  'right',
  'top left',
  'top right',
  'bottom left',
  'bottom right',
])

function applyMode(dom: HTMLElement, image: HTMLImageElement, mode: string): void {
  const fit = mode === 'aspectFill' ? 'cover' : mode === 'aspectFit' ? 'contain' : POSITIONS.has(mode) ? 'none' : 'fill'
  image.style.objectFit = fit
  image.style.objectPosition = POSITIONS.has(mode) ? mode : ''
  image.style.height = mode === 'widthFix' ? 'auto' : ''
  image.style.width = mode === 'heightFix' ? 'auto' : ''
  // Inline, because the program's own class may give a height that widthFix overrules.
  dom.style.height = mode === 'widthFix' ? 'auto' : dom.style.height
  dom.style.width = mode === 'heightFix' ? 'auto' : dom.style.width
}

function mount(host: Host<Props>) {
  const image = document.createElement('img')
  image.alt = host.dom.getAttribute('aria-label') ?? ''
  image.draggable = false
  host.dom.append(image)
  image.onload = () => host.emit('load', { width: image.naturalWidth, height: image.naturalHeight })
  image.onerror = () => image.getAttribute('src') && host.emit('error', { errMsg: `GET ${host.props.src} failed` })
  const load = () => {
    image.loading = host.props.lazyLoad ? 'lazy' : 'eager'
    if (host.props.src) image.src = assetUrl(host.props.src, host.owner)
    else image.removeAttribute('src')
  }
  applyMode(host.dom, image, host.props.mode)
  load()
  return {
    changed(name: string) {
      if (name === 'src') load()
      if (name === 'mode') applyMode(host.dom, image, host.props.mode)
    },
  }
}

const properties = {
  src: String,
  mode: { type: String, value: 'scaleToFill' },
  lazyLoad: Boolean,
  fadeIn: Boolean,
  webp: Boolean,
  showMenuByLongpress: Boolean,
}

export function defineImages(): void {
  define<Props>('image', { properties, mount })
  define<Props>('cover-image', { properties, mount })
}
