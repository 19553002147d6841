import { beforeEach, expect, test, vi } from 'vitest'
import { message } from './messages'

const wx: Record<string, unknown> = { getAppBaseInfo: () => ({ language: 'zh_CN' }) }
Object.assign(globalThis, { wx })
const { viewMedia } = await import('../src/viewer')

const picture = (seq: number) => message(seq, { type: 'image', media_id: `m${seq}`, url: `https://a.example/${seq}` })
const video = message(2, {
  type: 'video',
  media_id: 'm2',
  url: 'https://a.example/2',
  thumb_url: 'https://a.example/2t',
})
const all = [picture(1), video, picture(3), message(4, { type: 'image', media_id: 'gone' })]

beforeEach(() => {
  wx['previewMedia'] = vi.fn()
  wx['previewImage'] = vi.fn()
})

test('pictures and videos are looked at together, beginning with the one that was tapped', () => {
  viewMedia(all, video)
  expect(wx['previewMedia']).toHaveBeenCalledWith(
    expect.objectContaining({
      current: 1,
      sources: [
        { url: 'https://a.example/1', type: 'image' },
        { url: 'https://a.example/2', type: 'video', poster: 'https://a.example/2t' },
        { url: 'https://a.example/3', type: 'image' },
      ],
    }),
  )
})

test('where the base library shows pictures alone, those are shown', () => {
  delete wx['previewMedia']
  viewMedia(all, all[2]!)
  expect(wx['previewImage']).toHaveBeenCalledWith(
    expect.objectContaining({ urls: ['https://a.example/1', 'https://a.example/3'], current: 'https://a.example/3' }),
  )
})

test('what has no link opens nothing', () => {
  viewMedia(all, all[3]!)
  expect(wx['previewMedia']).not.toHaveBeenCalled()
})
