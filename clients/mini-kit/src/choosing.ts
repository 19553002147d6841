import { tellFailure } from './hosts'

/** Something to send, as the host gave it. */
export interface PickedMedia {
  kind: 'image' | 'video' | 'file' | 'voice'
  path: string
  name?: string
  width?: number
  height?: number
  size?: number
  duration_ms?: number
}

export interface PickedPlace {
  latitude: number
  longitude: number
  name: string
  address: string
}

type Picked = (media: PickedMedia) => void

const fail = ({ errMsg }: { errMsg: string }) => tellFailure(errMsg)

export function chooseMedia(from: 'album' | 'camera', picked: Picked): void {
  wx.chooseMedia({
    count: 9,
    mediaType: ['image', 'video'],
    sizeType: ['compressed'],
    sourceType: [from],
    maxDuration: 60,
    success: ({ tempFiles }) => tempFiles.forEach((file) => take(file, picked)),
    fail,
  })
}

function take(
  { fileType, tempFilePath: path, size, width, height, duration }: WechatMiniprogram.MediaFile,
  picked: Picked,
): void {
  if (fileType === 'video') return picked({ kind: 'video', path, size, width, height, duration_ms: duration * 1000 })
  // Phones give the measures of videos only.
  wx.getImageInfo({
    src: path,
    success: (info) => picked({ kind: 'image', path, size, width: info.width, height: info.height }),
    fail: () => picked({ kind: 'image', path, size }),
  })
}

/** Files from the chats of WeChat: there are no others on a phone. */
export function chooseFile(picked: Picked): void {
  wx.chooseMessageFile({
    count: 9,
    type: 'all',
    success: ({ tempFiles }) => tempFiles.forEach(({ path, name, size }) => picked({ kind: 'file', path, name, size })),
    fail,
  })
}

export function choosePlace(picked: (place: PickedPlace) => void): void {
  wx.chooseLocation({
    success: ({ latitude, longitude, name, address }) => picked({ latitude, longitude, name, address }),
    fail,
  })
}
