// Where a path of the mini program is found in the built folder.

/** `src` as written in the file of component `from`: absolute, relative, data:, http: or a temporary file. */
export function assetUrl(src: string, from: string): string {
  if (src.startsWith('wxfile://')) return temporaryUrls.get(src) ?? src
  if (src === '' || /^(https?:|data:|blob:|\/\/)/.test(src)) return src
  return `assets${new URL(src, `http://x/${from}`).pathname}`
}

/** Files the program got at run time (chosen, recorded, downloaded): wxfile://… → blob URL. */
const temporaryUrls = new Map<string, string>()
const temporaryFiles = new Map<string, Blob>()
let counter = 0

export function keepFile(blob: Blob, extension: string, folder = 'tmp'): string {
  counter += 1
  const random = Math.random().toString(36).slice(2, 10)
  const path = `wxfile://${folder}_${random}${counter}${extension ? `.${extension}` : ''}`
  return keepFileAs(path, blob)
}

export function keepFileAs(path: string, blob: Blob): string {
  temporaryFiles.set(path, blob)
  temporaryUrls.set(path, URL.createObjectURL(blob))
  return path
}

export function dropFile(path: string): boolean {
  const url = temporaryUrls.get(path)
  if (url) URL.revokeObjectURL(url)
  temporaryUrls.delete(path)
  return temporaryFiles.delete(path)
}

/** The bytes behind a path, wherever they are; undefined when there is no such file. */
export async function fileOf(path: string): Promise<Blob | undefined> {
  const kept = temporaryFiles.get(path)
  if (kept) return kept
  if (/^wxfile:/.test(path)) return undefined
  const response = await fetch(assetUrl(path, 'app'))
  return response.ok ? response.blob() : undefined
}

export function knownFile(path: string): Blob | undefined {
  return temporaryFiles.get(path)
}
