// Pictures, sounds and fonts, copied under their logical paths so that "/images/a.svg" is found.
import fs from 'node:fs'
import path from 'node:path'
import type { Sources } from './sources'

/** What the platform packs besides code; anything else in the folder (a server, notes) stays out. */
const PACKED = /\.(png|jpe?g|gif|webp|svg|ico|cer|mp3|aac|m4a|wav|ogg|silk|mp4|ttf|woff2?|txt)$/i

export function copyAssets(sources: Sources, target: string): void {
  for (const file of sources.files()) {
    if (!PACKED.test(file)) continue
    const copy = path.join(target, file)
    fs.mkdirSync(path.dirname(copy), { recursive: true })
    fs.copyFileSync(sources.at(file), copy)
  }
}
