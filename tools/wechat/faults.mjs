// Faults that the check must find, each in a copy of the tutorial's program. Without them it could be green and blind.
import fs from 'node:fs'
import path from 'node:path'

const PAGE = 'pages/index/index'
const KIT = 'node_modules/@chaguan/mini-kit'
const add = (name, text) => (program) => fs.appendFileSync(path.join(program, name), text)
const put = (name, text) => (program) => fs.writeFileSync(path.join(program, name), text)

export const FAULTS = [
  { name: 'a tag that nothing closes', spoil: add(`${PAGE}.wxml`, '<view><text>茶'), found: /index\.wxml.*text/s },
  { name: 'an end of nothing', spoil: add(`${PAGE}.wxml`, '</view>'), found: /unexpected end tag|index\.wxml/ },
  { name: 'a script that is no TypeScript', spoil: add(`${PAGE}.ts`, 'const cups: = 2\n'), found: /Unexpected token/ },
  {
    name: 'a component that is not there',
    spoil: put(`${PAGE}.json`, '{ "usingComponents": { "cg-chat": "@chaguan/mini-kit/components/nowhere/index" } }'),
    found: /component not found/,
  },
  { name: 'a style that does not end', spoil: put(`${PAGE}.wxss`, '.page { color: '), found: /Unclosed block/ },
  {
    name: 'a page that is not there',
    spoil: put('app.json', '{ "pages": ["pages/none/index"] }'),
    found: /pages\/none/,
  },
  {
    name: 'a broken template of the kit',
    spoil: add(`${KIT}/miniprogram_dist/components/avatar/index.wxml`, '</view>'),
    found: /components\/avatar\/index/,
  },
  {
    name: 'a kit that was packed without its build',
    spoil: (program) => fs.rmSync(path.join(program, KIT, 'miniprogram_dist'), { recursive: true }),
    found: /构建 npm|mini-kit/,
  },
  {
    // The compiler looks for "../chat/index" of the kit in the program's own folders first; the kit's README says so.
    name: "a page at the path of the kit's chat",
    spoil: (program) => {
      fs.mkdirSync(path.join(program, 'chat/index'), { recursive: true })
      for (const [ending, text] of Object.entries({ ts: 'Page({})\n', json: '{}\n', wxml: '<view>茶</view>\n' }))
        fs.writeFileSync(path.join(program, `chat/index/index.${ending}`), text)
      put('app.json', '{ "pages": ["pages/index/index", "chat/index/index"] }')(program)
    },
    found: /'\.\.\/chat\/index\/index\.json'/,
  },
  {
    name: 'more than the main package may have',
    spoil: (program) => fs.writeFileSync(path.join(program, 'tea.png'), Buffer.alloc(2_300_000, 7)),
    found: /package main has \d+ bytes/,
  },
]
