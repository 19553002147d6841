// What the sheets of tokens.json say. Pure: the writer writes it, the test compares it.
import fs from 'node:fs'
import path from 'node:path'

const here = import.meta.dirname

/** Where each sheet stands, from the folder of the clients. */
export const SHEETS = {
  tokens: 'mini-kit/src/styles/tokens.wxss',
  tones: 'mini-kit/src/styles/tones.wxss',
  brand: 'console/src/styles/brand.css',
  widget: 'widget/src/styles/tokens.css',
}

export function readTokens() {
  return JSON.parse(fs.readFileSync(path.join(here, 'tokens.json'), 'utf8'))
}

/** The colours of a theme as they are seen: what a theme leaves out is as in `tea`, what large text leaves out as without. */
export function coloursOf({ themes }, theme, scheme, size) {
  const layers = [themes.tea, themes[theme]]
  const plain = Object.assign({}, ...layers.map((layer) => layer[scheme]))
  return size === 'large' ? Object.assign(plain, ...layers.map((layer) => layer.large[scheme])) : plain
}

const rule = (selector, lines) => `${selector} {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`
const own = (values) => Object.entries(values).map(([name, value]) => `--k-${name}: var(--cg-${name}, ${value});`)
const lightAndDark = ({ light, dark }) => [
  ...Object.entries(light).map(([name, value]) => `--l-${name}: ${value};`),
  ...Object.entries(dark).map(([name, value]) => `--d-${name}: ${value};`),
]

/** Every theme, light and dark, both sizes of text. `worn` makes the selector of a view with these classes; the first holds always. */
function lookSheet({ sizes, shapes, themes }, worn) {
  const { tea, ...others } = themes
  const shown = (letter) =>
    own(Object.fromEntries(Object.keys(tea.light).map((name) => [name, `var(--${letter}-${name})`])))
  const shapesOf = ({ bubble, avatar }) => own({ ...shapes.bubble[bubble], ...shapes.avatar[avatar] })
  return [
    rule(worn('root'), [...own(sizes.normal), ...shapesOf(tea), ...lightAndDark(tea), ...shown('l')]),
    ...Object.entries(others).map(([id, theme]) => rule(worn(id), [...shapesOf(theme), ...lightAndDark(theme)])),
    rule(worn('large'), [...own(sizes.large), ...lightAndDark(tea.large)]),
    // Stronger than `large` alone and after it: large text of a theme, where it is not that of tea.
    ...Object.entries(others).map(([id, { large }]) => rule(worn('large', id), lightAndDark(large))),
    rule(worn('dark'), shown('d')),
    `@media (prefers-color-scheme: dark) {\n${rule(worn('auto'), shown('d')).replace(/^(?=.)/gm, '  ')}}\n`,
    ...Object.entries(shapes).flatMap(([part, kinds]) =>
      Object.entries(kinds).map(([kind, values]) => rule(worn(`${part}-${kind}`), own(values))),
    ),
  ].join('')
}

export function tokensSheet(tokens) {
  return (
    '/*\n * Made by tokens/write.mjs from tokens/tokens.json: every colour and measure of the kit. An app sets --cg-* on `page`\n' +
    ' * (or on a custom-class) and wins over what stands here; the components themselves read --k-*. --l-* and --d-* are\n' +
    ' * the light and the dark value of the theme, of which one is shown.\n */\n' +
    lookSheet(tokens, (...names) => names.map((name) => `.cg-${name}`).join(''))
  )
}

/** The same for the widget, whose host wears the classes. */
export function widgetSheet(tokens) {
  return (
    '/*\n * Made by tokens/write.mjs from tokens/tokens.json: every colour and measure of the widget, those of the kit. The page\n' +
    ' * sets --cg-* anywhere above and wins over what stands here; the other sheets read --k-*.\n */\n' +
    lookSheet(tokens, (...names) => `:host(${names.map((name) => `.cg-${name}`).join('')})`)
  )
}

export function tonesSheet({ tones }) {
  const head = '/* Made by tokens/write.mjs from tokens/tokens.json: what stands behind an initial. */\n'
  return head + tones.map((tone, i) => rule(`.tone-${i}`, [`background: ${tone};`])).join('')
}

/** The console shares the brand, and has greys of its own. */
export function brandSheet({ themes: { tea } }) {
  const lines = ({ primary, danger, 'on-primary': on }) => [
    `--brand: ${primary};`,
    `--on-brand: ${on};`,
    `--danger: ${danger};`,
  ]
  const head = '/* Made by tokens/write.mjs from tokens/tokens.json: the brand, as in the mini program. */\n'
  return head + rule(':root', lines(tea.light)) + rule('html.dark', lines(tea.dark))
}

export function sheetsOf(tokens) {
  return {
    tokens: tokensSheet(tokens),
    tones: tonesSheet(tokens),
    brand: brandSheet(tokens),
    widget: widgetSheet(tokens),
  }
}
