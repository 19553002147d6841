import type { Promised } from './asking'
import { HOST } from './host'
import { REQUESTS, UPLOADS } from './requests'
import { SOCKETS } from './sockets'
import { STORAGE } from './storage'

export const PROMISES: [string, Promised[]][] = [
  ['Sockets', SOCKETS],
  ['Requests', REQUESTS],
  ['Uploads', UPLOADS],
  ['Storage', STORAGE],
  ['Host', HOST],
]
