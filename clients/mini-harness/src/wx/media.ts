// Choosing and looking at pictures and files. Where a test or page put files into __harness.chooseFiles, those are taken.
import { assetUrl, fileOf, keepFile } from '../runtime/assets'
import { make, overlayRoot } from '../runtime/screen'
import { word } from '../runtime/words'
import { api, Refusal } from './api'

export interface FileQueue {
  chooseFiles: File[]
}

let queue: FileQueue = { chooseFiles: [] }
export const useFileQueue = (given: FileQueue): void => void (queue = given)

async function pick(accept: string, count: number): Promise<File[]> {
  const injected = queue.chooseFiles.splice(0, count)
  const files = injected.length ? injected : await askUser(accept, count > 1)
  if (files.length === 0) throw new Refusal('cancel')
  return files.slice(0, count)
}

function askUser(accept: string, multiple: boolean): Promise<File[]> {
  return new Promise((resolve) => {
    const input = document.createElement('input')
    Object.assign(input, { type: 'file', accept, multiple, hidden: true })
    input.onchange = () => resolve([...(input.files ?? [])])
    input.oncancel = () => resolve([])
    document.body.append(input)
    input.click()
    input.remove()
  })
}

const extensionOf = (file: File): string => file.name.match(/\.(\w+)$/)?.[1] ?? file.type.split('/')[1] ?? ''

async function measure(url: string): Promise<{ width: number; height: number }> {
  const image = new Image()
  image.src = url
  try {
    await image.decode()
  } catch {
    return { width: 0, height: 0 }
  }
  return { width: image.naturalWidth, height: image.naturalHeight }
}

function measureVideo(url: string): Promise<{ width: number; height: number; duration: number }> {
  const video = document.createElement('video')
  return new Promise((resolve) => {
    video.onloadedmetadata = () =>
      resolve({ width: video.videoWidth, height: video.videoHeight, duration: video.duration })
    video.onerror = () => resolve({ width: 0, height: 0, duration: 0 })
    video.src = url
  })
}

async function describeMedia(file: File) {
  const tempFilePath = keepFile(file, extensionOf(file))
  const url = assetUrl(tempFilePath, 'app')
  const fileType = file.type.startsWith('video') ? 'video' : 'image'
  const size = fileType === 'video' ? await measureVideo(url) : await measure(url)
  return { tempFilePath, size: file.size, fileType, duration: 0, thumbTempFilePath: '', ...size }
}

interface ChooseMediaOptions {
  count?: number
  mediaType?: string[]
}

const chooseMedia = api('chooseMedia', async ({ count = 9, mediaType = ['image', 'video'] }: ChooseMediaOptions) => {
  const accept =
    mediaType
      .filter((type) => type !== 'mix')
      .map((type) => `${type}/*`)
      .join(',') || 'image/*,video/*'
  const tempFiles = await Promise.all((await pick(accept, count)).map(describeMedia))
  const types = new Set(tempFiles.map((file) => file.fileType))
  return { tempFiles, type: types.size > 1 ? 'mix' : [...types][0] }
})

const chooseImage = api('chooseImage', async ({ count = 9 }: { count?: number }) => {
  const tempFiles = (await pick('image/*', count)).map((file) => ({
    path: keepFile(file, extensionOf(file)),
    size: file.size,
  }))
  return { tempFiles, tempFilePaths: tempFiles.map((file) => file.path) }
})

const chooseMessageFile = api(
  'chooseMessageFile',
  async ({ count, type = 'all' }: { count: number; type?: string }) => {
    const accept = type === 'image' || type === 'video' ? `${type}/*` : ''
    const tempFiles = (await pick(accept, count)).map((file) => ({
      path: keepFile(file, extensionOf(file)),
      name: file.name,
      size: file.size,
      time: Math.floor(file.lastModified / 1000),
      type: /^(image|video)\//.exec(file.type)?.[1] ?? 'file',
    }))
    return { tempFiles }
  },
)

interface PreviewOptions {
  urls: string[]
  current?: string
}

const previewImage = api('previewImage', ({ urls, current }: PreviewOptions) => {
  let index = Math.max(0, urls.indexOf(current ?? ''))
  const view = make('div', 'mp-preview', overlayRoot)
  view.setAttribute('role', 'dialog')
  view.setAttribute('aria-label', word('preview'))
  view.tabIndex = -1
  const image = make('img', '', view) as HTMLImageElement
  const counter = make('span', '', view)
  const show = () => {
    image.src = assetUrl(urls[index] ?? '', 'app')
    counter.textContent = urls.length > 1 ? `${index + 1}/${urls.length}` : ''
  }
  view.addEventListener('click', () => view.remove())
  view.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') return view.remove()
    if (key === 'ArrowRight') index = Math.min(index + 1, urls.length - 1)
    if (key === 'ArrowLeft') index = Math.max(index - 1, 0)
    show()
  })
  show()
  view.focus()
})

const previewMedia = api(
  'previewMedia',
  async ({ sources, current = 0 }: { sources: { url: string }[]; current?: number }) => {
    await previewImage({ urls: sources.map((source) => source.url), current: sources[current]?.url ?? '' })
  },
)

const getImageInfo = api('getImageInfo', async ({ src }: { src: string }) => {
  const blob = await fileOf(src)
  const { width, height } = await measure(assetUrl(src, 'app'))
  if (!blob || width === 0) throw new Refusal('image not found')
  return {
    width,
    height,
    path: src,
    orientation: 'up',
    type: blob.type.split('/')[1]?.replace('svg+xml', 'svg') ?? 'unknown',
  }
})

interface CompressOptions {
  src: string
  quality?: number
  compressedWidth?: number
}

const compressImage = api('compressImage', async ({ src, quality = 80, compressedWidth }: CompressOptions) => {
  const blob = await fileOf(src)
  if (!blob) throw new Refusal("file doesn't exist")
  const bitmap = await createImageBitmap(blob)
  const scale = compressedWidth ? compressedWidth / bitmap.width : 1
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(bitmap.width * scale)),
    Math.max(1, Math.round(bitmap.height * scale)),
  )
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  return { tempFilePath: keepFile(await canvas.convertToBlob({ type: 'image/jpeg', quality: quality / 100 }), 'jpg') }
})

const saveImageToPhotosAlbum = api('saveImageToPhotosAlbum', async ({ filePath }: { filePath: string }) => {
  if (!(await fileOf(filePath))) throw new Refusal('file not found')
})

export const media = {
  chooseMedia,
  chooseImage,
  chooseMessageFile,
  previewImage,
  previewMedia,
  getImageInfo,
  compressImage,
  saveImageToPhotosAlbum,
  openDocument: api('openDocument', async ({ filePath }: { filePath: string }) => {
    if (!(await fileOf(filePath))) throw new Refusal("file doesn't exist")
    window.open(assetUrl(filePath, 'app'), '_blank', 'noopener')
  }),
}
