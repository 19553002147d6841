// @vitest-environment node
import { afterEach, describe, expect, test, vi } from 'vitest'
import { arrival, optionsOf } from '../src/options'
import { fetchToken, NobodyError, tokenOf } from '../src/token'
import { languageOf, textsOf } from '../src/texts'

const page = { scriptUrl: 'https://im.example.com/chat/widget.js?v=2', language: 'en-GB' }

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

describe('the script tag', () => {
  test('says where the deployment is by where it came from', () => {
    expect(optionsOf({}, page).endpoint).toBe('https://im.example.com/chat')
    expect(optionsOf({ endpoint: 'https://other.example/' }, page).endpoint).toBe('https://other.example')
  })

  test('has defaults for everything, and ignores what it does not know', () => {
    const options = optionsOf({ theme: 'pink', side: 'top', bubble: 'star' }, page)
    expect(options).toMatchObject({ side: 'right', connect: 'load', language: 'en', context: {} })
    expect(options.look).toEqual({ theme: 'tea', scheme: 'auto', textSize: 'normal', bubble: '', avatar: '' })
  })

  test('chooses the look as the mini program would', () => {
    const worn = { theme: 'clay', scheme: 'dark', textSize: 'large', bubble: 'square', avatar: 'round' } as const
    expect(optionsOf(worn, page).look).toEqual(worn)
  })

  test('chooses its language over that of the page', () => {
    expect(optionsOf({ lang: 'zh-Hant-TW' }, page).language).toBe('zh-CN')
    expect(['zh', 'zh_CN', 'EN', 'fr', ''].map(languageOf)).toEqual(['zh-CN', 'zh-CN', 'en', 'en', 'en'])
  })

  test('with a slip in its context still gives a widget, and says so to the developer', () => {
    const said = vi.spyOn(console, 'error').mockReturnValue()
    expect(optionsOf({ context: '{"product": ' }, page).context).toEqual({})
    expect(optionsOf({ context: '[1]' }, page).context).toEqual({})
    expect(optionsOf({ context: '{"product_id": "7"}' }, page).context).toEqual({ product_id: '7' })
    expect(said).toHaveBeenCalledTimes(2)
  })
})

test('an arrival names the page without its fragment, and what the page says wins', () => {
  expect(arrival({}, 'https://shop.example/tea?id=7#reviews', 'Tea')).toEqual({ page: '/tea?id=7', title: 'Tea' })
  expect(arrival({ page: '/pages/7' }, 'https://shop.example/', '')).toEqual({ page: '/pages/7' })
})

test('both languages have a sentence for everything, with the same blanks', () => {
  const blanks = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort()
  const [zh, en] = [textsOf('zh-CN'), textsOf('en')]
  expect(Object.keys(zh)).toEqual(Object.keys(en))
  for (const key of Object.keys(zh) as (keyof typeof zh)[]) expect(blanks(zh[key]), key).toEqual(blanks(en[key]))
})

describe('the token', () => {
  const answers = (status: number, body = '') =>
    vi.stubGlobal(
      'fetch',
      vi.fn(async () => new Response(status === 204 ? null : body, { status })),
    )

  test('comes as JSON or bare', () => {
    expect(tokenOf('{"token": "a.b.c"}\n')).toBe('a.b.c')
    expect(tokenOf(' a-_.b.c ')).toBe('a-_.b.c')
  })

  test('is not taken from a page of HTML, as a site answers that sends strangers to its front page', () => {
    expect(() => tokenOf('<!doctype html>')).toThrow('no user token')
    expect(() => tokenOf('{"error": "x"}')).toThrow('no user token')
  })

  test.each([204, 401, 403])('answered with %i says that nobody is signed in', async (status) => {
    answers(status)
    await expect(fetchToken('/chat-token')).rejects.toBeInstanceOf(NobodyError)
  })

  test('answered with another refusal is a fault, which may pass', async () => {
    answers(502)
    await expect(fetchToken('/chat-token')).rejects.not.toBeInstanceOf(NobodyError)
  })

  test('is asked with the cookies of the page’s own site only, and from no cache', async () => {
    answers(200, '{"token": "a.b.c"}')
    await fetchToken('/chat-token')
    expect(fetch).toHaveBeenCalledWith(
      '/chat-token',
      expect.objectContaining({ credentials: 'same-origin', cache: 'no-store' }),
    )
  })
})
