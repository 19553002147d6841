// Rebuild when a source changes.
import fs from 'node:fs'
import { buildMiniProgram, type BuildOptions, type BuildResult } from './index'

export interface WatchEvents {
  onBuilt(result: BuildResult): void
  onFailed(error: unknown): void
}

const SETTLE_MS = 60

/** Builds once, then after every change; the returned function stops watching. */
export async function watchMiniProgram(options: BuildOptions, events: WatchEvents): Promise<() => void> {
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()
  const rebuild = async (): Promise<BuildResult | undefined> => {
    try {
      const result = await buildMiniProgram(options)
      events.onBuilt(result)
      return result
    } catch (error) {
      events.onFailed(error)
      return undefined
    }
  }
  const first = await rebuild()
  const directories = first?.directories ?? [options.root, ...Object.values(options.npm ?? {})]
  const watchers = directories.map((dir) =>
    fs.watch(dir, { recursive: true }, () => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        running = running.then(async () => void (await rebuild()))
      }, SETTLE_MS)
    }),
  )
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}
