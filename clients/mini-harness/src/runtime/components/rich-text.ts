// rich-text: trusted tags and attributes only, and no events inside, as in WeChat.
import { convertUnits } from '../units'
import { define, type Host } from './define'

interface RichNode {
  type?: 'node' | 'text'
  name?: string
  attrs?: Record<string, unknown>
  children?: RichNode[]
  text?: string
}

type Props = { nodes: string | RichNode[]; space: string }

const TAGS = new Set(
  (
    'a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del div dl dt em fieldset font ' +
    'footer h1 h2 h3 h4 h5 h6 header hr i img ins label legend li mark nav ol p pre q rt ruby s section small span strong sub sup ' +
    'table tbody td tfoot th thead tr tt u ul'
  ).split(' '),
)
const ATTRIBUTES = new Set([
  'alt',
  'src',
  'height',
  'width',
  'colspan',
  'rowspan',
  'align',
  'span',
  'start',
  'type',
  'dir',
  'size',
  'face',
  'color',
])

function build(node: RichNode, prefix: string): Node | undefined {
  if (node.type === 'text' || (node.name === undefined && node.text !== undefined))
    return document.createTextNode(decode(node.text ?? ''))
  const name = (node.name ?? '').toLowerCase()
  if (!TAGS.has(name)) return undefined
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(node.attrs ?? {}))
    setAttribute(element, key.toLowerCase(), String(value), prefix)
  append(element, node.children ?? [], prefix)
  return element
}

function setAttribute(element: HTMLElement, name: string, value: string, prefix: string): void {
  if (name === 'style') element.style.cssText = convertUnits(value)
  else if (name === 'class')
    element.className = value
      .split(/\s+/)
      .filter(Boolean)
      .map((part) => prefix + part)
      .join(' ')
  else if (ATTRIBUTES.has(name) && !/^\s*javascript:/i.test(value)) element.setAttribute(name, value)
}

function append(parent: Node, nodes: RichNode[], prefix: string): void {
  for (const node of nodes) {
    const built = build(node, prefix)
    if (built) parent.appendChild(built)
  }
}

const decode = (text: string): string =>
  new DOMParser().parseFromString(text.replace(/</g, '&lt;'), 'text/html').documentElement.textContent ?? ''

/** An inert document: nothing in it loads or runs. */
function parse(html: string): RichNode[] {
  return [...new DOMParser().parseFromString(html, 'text/html').body.childNodes].map(toRichNode)
}

function toRichNode(node: Node): RichNode {
  if (node instanceof Element || node.nodeType === Node.ELEMENT_NODE) {
    const element = node as Element
    return {
      name: element.localName,
      attrs: Object.fromEntries([...element.attributes].map(({ name, value }) => [name, value])),
      children: [...element.childNodes].map(toRichNode),
    }
  }
  return { type: 'text', text: (node.textContent ?? '').replace(/&/g, '&amp;') }
}

function mount(host: Host<Props>) {
  const draw = () => {
    const { nodes } = host.props
    const prefix = host.dom.getAttribute('exparser:info-class-prefix') ?? ''
    const content = document.createDocumentFragment()
    append(content, typeof nodes === 'string' ? parse(nodes) : (nodes ?? []), prefix)
    host.dom.replaceChildren(content)
  }
  draw()
  return { changed: draw }
}

export const defineRichText = (): void =>
  define<Props>('rich-text', { properties: { nodes: null, space: String, userSelect: Boolean, mode: String }, mount })
