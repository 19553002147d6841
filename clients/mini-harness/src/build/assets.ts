// Pictures, sounds and data files, copied under their logical paths so that "/images/a.svg" is found.
import fs from 'node:fs'
import path from 'node:path'
import type { Sources } from './sources'

const CODE = /(\.(wxml|wxss|wxs|ts|js|mjs|map|less|scss)|(^|\/)(package|package-lock|tsconfig|project\.[\w.]+|sitemap)\.json)$/

export function copyAssets(sources: Sources, target: string): void {
  for (const file of sources.files()) {
    if (CODE.test(file) || sources.script(file.replace(/\.json$/, ''))) continue
    const copy = path.join(target, file)
    fs.mkdirSync(path.dirname(copy), { recursive: true })
    fs.copyFileSync(sources.at(file), copy)
  }
}
