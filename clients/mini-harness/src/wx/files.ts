// getFileSystemManager, over files that live in memory for as long as the page does.
import { dropFile, fileOf, keepFileAs, knownFile } from '../runtime/assets'
import { api, Refusal } from './api'
import { base64ToArrayBuffer, arrayBufferToBase64 } from './base64'

export const USER_DATA_PATH = 'wxfile://usr'
let saved = 0

const missing = (path: string) => new Refusal(`no such file or directory, open "${path}"`, { errno: 1300002 })

interface ReadOptions {
  filePath: string
  encoding?: string
  position?: number
  length?: number
}

const readFile = api('readFile', async ({ filePath, encoding, position = 0, length }: ReadOptions) => {
  const blob = await fileOf(filePath)
  if (!blob) throw missing(filePath)
  const part = blob.slice(position, length === undefined ? undefined : position + length)
  if (encoding === undefined) return { data: await part.arrayBuffer() }
  if (encoding === 'base64') return { data: arrayBufferToBase64(await part.arrayBuffer()) }
  return { data: await part.text() }
})

interface WriteOptions {
  filePath: string
  data: string | ArrayBuffer
  encoding?: string
}

const writeFile = api('writeFile', ({ filePath, data, encoding }: WriteOptions) => {
  if (!filePath.startsWith(USER_DATA_PATH)) throw new Refusal(`permission denied, open "${filePath}"`)
  const bytes = typeof data === 'string' && encoding === 'base64' ? base64ToArrayBuffer(data) : data
  keepFileAs(filePath, new Blob([bytes]))
})

const saveFile = api('saveFile', async ({ tempFilePath, filePath }: { tempFilePath: string; filePath?: string }) => {
  const blob = await fileOf(tempFilePath)
  if (!blob) throw missing(tempFilePath)
  saved += 1
  const path = filePath ?? `wxfile://store_${saved}${/\.\w+$/.exec(tempFilePath)?.[0] ?? ''}`
  keepFileAs(path, blob)
  dropFile(tempFilePath)
  return { savedFilePath: path }
})

const unlink = api('unlink', ({ filePath }: { filePath: string }) => {
  if (!dropFile(filePath)) throw missing(filePath)
})

const access = api('access', ({ path }: { path: string }) => {
  if (!knownFile(path)) throw missing(path)
})

const getFileInfo = api('getFileInfo', async ({ filePath }: { filePath: string }) => {
  const blob = await fileOf(filePath)
  if (!blob) throw missing(filePath)
  return { size: blob.size }
})

const manager = { readFile, writeFile, saveFile, unlink, access, getFileInfo, removeSavedFile: unlink }

export const files = { getFileSystemManager: () => manager, env: { USER_DATA_PATH }, saveFile, getFileInfo }
