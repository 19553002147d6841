// Draws src/styles/icons.wxss: each icon is a mask, so that it takes the colour of its text.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { dataUrl } from './data-url.mjs'

const line = (paths) =>
  `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='#000' stroke-width='1.6' stroke-linecap='round' stroke-linejoin='round'>${paths}</svg>`
const d = (...paths) => line(paths.map((path) => `<path d='${path}'/>`).join(''))
const circle = "<circle cx='12' cy='12' r='9.2'/>"

const ICONS = {
  voice: line(
    `${circle}<path d='M9.2 10.4a3.6 3.6 0 0 1 0 3.2M11.9 8.8a7 7 0 0 1 0 6.4M14.6 7.2a10.4 10.4 0 0 1 0 9.6'/>`,
  ),
  keyboard: line(
    `${circle}<path d='M7.5 9.5h.01M10.5 9.5h.01M13.5 9.5h.01M16.5 9.5h.01M7.5 12.3h.01M10.5 12.3h.01M13.5 12.3h.01M16.5 12.3h.01M9 15.4h6'/>`,
  ),
  emoji: line(`${circle}<path d='M8.2 14.2a4.4 4.4 0 0 0 7.6 0M9 9.6v.6M15 9.6v.6'/>`),
  plus: line(`${circle}<path d='M12 7.6v8.8M7.6 12h8.8'/>`),
  send: d('M12 19V5.5', 'M6 11.2 12 5l6 6.2'),
  image: line(
    "<rect x='3.5' y='4.5' width='17' height='15' rx='2.6'/><circle cx='8.8' cy='9.6' r='1.5'/><path d='m4 17 4.8-4.4 3.2 2.8 3.8-4.2 4.4 4.6'/>",
  ),
  camera: line(
    "<path d='M4 8.2h3.2l1.5-2.4h6.6l1.5 2.4H20a1 1 0 0 1 1 1v8.6a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9.2a1 1 0 0 1 1-1Z'/><circle cx='12' cy='13.2' r='3.4'/>",
  ),
  file: d(
    'M13.6 3.5H7a1.5 1.5 0 0 0-1.5 1.5v14A1.5 1.5 0 0 0 7 20.5h10a1.5 1.5 0 0 0 1.5-1.5V8.4Z',
    'M13.4 3.6v5h5',
    'M9 13h6M9 16.4h4',
  ),
  tag: line(
    "<path d='M4 11.4V4.6A.6.6 0 0 1 4.6 4h6.8l8.3 8.3a1.2 1.2 0 0 1 0 1.7l-5.7 5.7a1.2 1.2 0 0 1-1.7 0Z'/><circle cx='8.2' cy='8.2' r='1.2'/>",
  ),
  search: line("<circle cx='10.8' cy='10.8' r='6.3'/><path d='m15.6 15.6 4.9 4.9'/>"),
  speaker: d('M4 9.6h3.4L12 5.8v12.4l-4.6-3.8H4Z', 'M15.2 9.2a4 4 0 0 1 0 5.6M17.8 6.8a7.4 7.4 0 0 1 0 10.4'),
  ear: d(
    'M7 9.6a5.2 5.2 0 0 1 10.4 0c0 3.6-3.4 4.2-3.4 7.4a3.2 3.2 0 0 1-6 1.6',
    'M9.8 9.8a2.4 2.4 0 0 1 4.8 0c0 1.8-2 2-2 3.6',
  ),
  close: d('M6.5 6.5l11 11M17.5 6.5l-11 11'),
  backspace: d(
    'M8.4 5.5h11a1.1 1.1 0 0 1 1.1 1.1v10.8a1.1 1.1 0 0 1-1.1 1.1h-11L3 12Z',
    'M11 9.4l5.2 5.2M16.2 9.4 11 14.6',
  ),
  down: d('M12 5v13.5', 'm6 12.8 6 6 6-6'),
  play: "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'><path d='M8 5.6v12.8a.7.7 0 0 0 1.1.6l9.8-6.4a.7.7 0 0 0 0-1.2L9.1 5a.7.7 0 0 0-1.1.6Z'/></svg>",
  pause:
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'><rect x='6.5' y='5' width='4' height='14' rx='1'/><rect x='13.5' y='5' width='4' height='14' rx='1'/></svg>",
  pin: line(
    "<path d='M12 21c4.2-4.6 6.4-8 6.4-10.9A6.3 6.3 0 0 0 12 3.8a6.3 6.3 0 0 0-6.4 6.3C5.6 13 7.8 16.4 12 21Z'/><circle cx='12' cy='10.2' r='2.4'/>",
  ),
  bell: d('M6.4 16.5V11a5.6 5.6 0 0 1 9.2-4.3M17.6 10.4v6.1H4.6', 'M10 19.2a2.2 2.2 0 0 0 4 0', 'M4.5 4.5l15 15'),
  retry:
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'><path fill-rule='evenodd' d='M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19Zm-1.1 4.8h2.2l-.3 6.4h-1.6Zm1.1 8a1.2 1.2 0 1 1 0 2.4 1.2 1.2 0 0 1 0-2.4Z'/></svg>",
  check: d('m5.2 12.8 4.6 4.6 9-10'),
  forward: d('M13.4 5.2 20 11.6l-6.6 6.4v-3.8c-4.6-.2-7.6 1.2-9.6 4.6.4-5.6 3.6-9.4 9.6-9.8Z'),
  copy: line(
    "<rect x='8.6' y='8.6' width='11.4' height='11.4' rx='2'/><path d='M15.4 8.4V5.6A1.6 1.6 0 0 0 13.8 4H5.6A1.6 1.6 0 0 0 4 5.6v8.2a1.6 1.6 0 0 0 1.6 1.6h2.8'/>",
  ),
  back: d('M15 5.5 8.5 12l6.5 6.5'),
  find: line("<circle cx='11' cy='11' r='6.2'/><path d='m15.8 15.8 4.2 4.2'/>"),
  arrow: d('m9 5.5 6.5 6.5L9 18.5'),
  mic: line("<rect x='9' y='3.5' width='6' height='11' rx='3'/><path d='M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v2.6'/>"),
  star: "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'><path stroke='#000' stroke-width='1.6' stroke-linejoin='round' d='m12 3.6 2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L3.5 9.8l5.9-.8Z'/></svg>",
  'star-off': d('m12 3.6 2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L3.5 9.8l5.9-.8Z'),
  bubble: d(
    'M4.8 18.8V6.6A1.6 1.6 0 0 1 6.4 5h11.2a1.6 1.6 0 0 1 1.6 1.6v7.8a1.6 1.6 0 0 1-1.6 1.6H8.4Z',
    'M8.6 9h6.8M8.6 12.2h4.4',
  ),
}

const rules = Object.entries(ICONS).map(([name, svg]) => `.cg-i-${name} {\n  --k-drawn: ${dataUrl(svg)};\n}`)
// The drawing goes through a variable, so that it is there once and not once for each name of the property.
const head = `/* Made by scripts/icons.mjs. */
.cg-i {
  display: block;
  flex: none;
  width: 24px;
  height: 24px;
  background: currentColor;
  -webkit-mask: var(--k-drawn) center / contain no-repeat;
  mask: var(--k-drawn) center / contain no-repeat;
}`
const home = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
fs.mkdirSync(path.join(home, 'src/styles'), { recursive: true })
fs.writeFileSync(path.join(home, 'src/styles/icons.wxss'), `${[head, ...rules].join('\n')}\n`)
