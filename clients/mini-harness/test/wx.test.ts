// The wx shim, called as the mini program's code would call it.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { openPhone, startLab, type Lab, type Phone } from './phone'

type Wx = Record<string, (...args: unknown[]) => unknown>

let lab: Lab
let phone: Phone

beforeAll(async () => void (lab = await startLab()))
afterAll(() => lab.close())
afterEach(() => phone.page.context().close())

async function open(options: Parameters<typeof openPhone>[2] = {}, url = ''): Promise<Page> {
  phone = await openPhone(lab, url, options)
  await phone.page.evaluate(() => void (window.seen = []))
  return phone.page
}

const seen = (page: Page) => page.evaluate(() => window.seen)

/** Awaits `wx[name](options)`; a failure comes back as its errMsg. */
function call(page: Page, name: string, options: unknown = {}): Promise<unknown> {
  return page.evaluate(
    async ([api, given]) => {
      const { wx } = globalThis as unknown as { wx: Wx }
      try {
        return await wx[api as string]!(given)
      } catch (error) {
        return (error as { errMsg: string }).errMsg
      }
    },
    [name, options] as const,
  )
}

describe('calling convention', () => {
  test('with callbacks: success, then complete, and no promise', async () => {
    const page = await open()
    const returned = await page.evaluate(() => {
      const { wx } = globalThis as unknown as { wx: Wx }
      return wx['getNetworkType']!({
        success: () => window.seen.push('success'),
        complete: (result: { errMsg: string }) => window.seen.push(result.errMsg),
      })
    })
    expect(returned).toBeUndefined()
    await expect.poll(() => seen(page)).toEqual(['success', 'getNetworkType:ok'])
  })
  test('without: a promise, rejected with errMsg', async () => {
    expect(await call(await open(), 'getStorage', { key: 'none' })).toBe('getStorage:fail data not found')
  })
  test('an API that is missing warns by name, once', async () => {
    const page = await open()
    await page.evaluate(() => {
      const { wx } = globalThis as unknown as { wx: Wx }
      return [wx['startBeaconDiscovery'], wx['startBeaconDiscovery']]
    })
    expect(phone.complaints).toEqual(['wx.startBeaconDiscovery does not exist in mini-harness; on a phone it may.'])
  })
})

describe('sockets', () => {
  const connect = (page: Page) =>
    page.evaluate((url) => {
      const { wx } = globalThis as unknown as { wx: Wx }
      window.task = wx['connectSocket']!({ url }) as Window['task']
      for (const name of ['onOpen', 'onMessage', 'onClose', 'onError'])
        window.task[name]!((event: { data?: string; code?: number; errMsg?: string }) =>
          window.seen.push(`${name} ${event.data ?? event.code ?? event.errMsg ?? ''}`),
        )
    }, lab.backend.ws)
  const isOpen = (page: Page) => expect.poll(() => page.evaluate(() => window.task.readyState)).toBe(1)

  test('text goes and comes; sending after the close fails', async () => {
    const page = await open()
    await connect(page)
    await isOpen(page)
    await page.evaluate(() => window.task['send']!({ data: '你好' }))
    await expect.poll(() => seen(page)).toEqual(['onOpen ', 'onMessage 收到：你好'])
    await page.evaluate(() => window.task['close']!({ code: 1000 }))
    await expect.poll(() => seen(page)).toContain('onClose 1000')
    const refused = await page.evaluate(
      () =>
        new Promise((resolve) =>
          window.task['send']!({ data: 'x', fail: (error: { errMsg: string }) => resolve(error.errMsg) }),
        ),
    )
    expect(refused).toBe('sendSocketMessage:fail SocketTask.readyState is not OPEN')
  })
  test('the sixth socket is refused', async () => {
    const page = await open()
    for (let i = 0; i < 6; i += 1) await connect(page)
    await expect.poll(() => seen(page)).toContain('onError connectSocket:fail exceed max task count 5')
  })
  test('no network cuts the socket and refuses new ones', async () => {
    const page = await open()
    await connect(page)
    await isOpen(page)
    await page.evaluate(() => window.__harness.setNetwork('none'))
    await expect.poll(() => seen(page)).toContain('onClose 1006')
    await connect(page)
    await expect
      .poll(async () => (await seen(page)).some((line) => String(line).startsWith('onError connectSocket:fail')))
      .toBe(true)
  })
  test.each([
    [false, ['onOpen ', 'onClose 1006']],
    [true, ['onOpen ']],
  ])('suspension closes it; the news comes on return, or never (silent: %s)', async (silent, expected) => {
    const page = await open({ config: { socketCloseSilent: silent } })
    await connect(page)
    await isOpen(page)
    await page.evaluate(() => window.__harness.background(0))
    await expect.poll(() => page.evaluate(() => window.task.readyState)).toBe(3)
    expect(await seen(page)).toEqual(['onOpen '])
    await page.evaluate(() => window.__harness.foreground())
    expect(await seen(page)).toEqual(expected)
  })
})

describe('background', () => {
  test('the program hears of it, its timers stand still, and catch up late', async () => {
    const page = await open()
    await page.evaluate(() => {
      const scope = globalThis as unknown as { wx: Wx; __mpTimers: { setTimeout(f: () => void, ms: number): void } }
      scope.wx['onAppHide']!(() => window.seen.push('hide'))
      scope.wx['onAppShow']!(() => window.seen.push('show'))
      window.__harness.background(0)
      scope.__mpTimers.setTimeout(() => window.seen.push('timer'), 30)
    })
    await expect.poll(() => page.evaluate(() => window.__harness.state())).toBe('suspended')
    // Longer than the timer, by the browser's own clock.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 60)))
    expect(await seen(page)).toEqual(['hide'])
    await page.evaluate(() => window.__harness.foreground())
    await expect.poll(() => seen(page)).toEqual(['hide', 'show', 'timer'])
  })
  test('a pending request is interrupted', async () => {
    const page = await open()
    const pending = call(page, 'request', { url: `${lab.backend.http}/hold` })
    await expect.poll(() => lab.backend.load.now).toBe(1)
    await page.evaluate(() => window.__harness.background(0))
    await expect.poll(() => page.evaluate(() => window.__harness.state())).toBe('suspended')
    await page.evaluate(() => window.__harness.foreground())
    expect(await pending).toBe('request:fail interrupted')
    lab.backend.release()
  })
})

describe('http', () => {
  test('JSON is sent and parsed, any status is a success, a query is built', async () => {
    const page = await open()
    const posted = await call(page, 'request', { url: `${lab.backend.http}/teapot`, method: 'POST', data: { a: 1 } })
    expect(posted).toMatchObject({
      statusCode: 418,
      errMsg: 'request:ok',
      data: { method: 'POST', text: '{"a":1}', type: 'application/json' },
    })
    const got = await call(page, 'request', { url: `${lab.backend.http}/x`, data: { q: '茶' } })
    expect(got).toMatchObject({ data: { url: '/x?q=%E8%8C%B6' } })
  })
  test('no more than ten at a time, the rest wait', async () => {
    const page = await open()
    // Counted at the browser's door: behind it, the browser's own limit of six a host would hide ours.
    const all = page.evaluate(async (url) => {
      const { wx } = globalThis as unknown as { wx: Wx }
      let now = 0
      let most = 0
      const { send } = XMLHttpRequest.prototype
      XMLHttpRequest.prototype.send = function counted(...args) {
        most = Math.max(most, (now += 1))
        this.addEventListener('readystatechange', () => void (this.readyState === XMLHttpRequest.DONE && (now -= 1)))
        send.apply(this, args)
      }
      const results = await Promise.all(Array.from({ length: 14 }, () => wx['request']!({ url })))
      return { most, finished: results.length }
    }, `${lab.backend.http}/hold`)
    let finished = false
    void all.then(() => (finished = true))
    while (!finished) {
      await expect.poll(() => finished || lab.backend.load.now > 0).toBe(true)
      lab.backend.release()
    }
    expect(await all).toEqual({ most: 10, finished: 14 })
  })
  test('an abort fails with its name', async () => {
    const page = await open()
    const message = await page.evaluate((url) => {
      const { wx } = globalThis as unknown as { wx: Wx }
      return new Promise((resolve) => {
        const task = wx['request']!({ url, fail: (error: { errMsg: string }) => resolve(error.errMsg) }) as {
          abort(): void
        }
        task.abort()
      })
    }, `${lab.backend.http}/hold`)
    expect(message).toBe('request:fail abort')
    lab.backend.release()
  })
  test('a chosen file is uploaded as multipart with progress; the answer is a string', async () => {
    const page = await open()
    const result = await page.evaluate(async (url) => {
      const { wx } = globalThis as unknown as { wx: Wx }
      window.__harness.chooseFiles.push(new File(['leaf'.repeat(1000)], 'leaf.txt', { type: 'text/plain' }))
      const chosen = (await wx['chooseMessageFile']!({ count: 1 })) as {
        tempFiles: { path: string; name: string; size: number }[]
      }
      const file = chosen.tempFiles[0]!
      return new Promise<{ data: string; file: typeof file; progress: number }>((resolve) => {
        let progress = 0
        const task = wx['uploadFile']!({
          url,
          filePath: file.path,
          name: 'upload',
          formData: { kind: 'file' },
          success: ({ data }: { data: string }) => resolve({ data, file, progress }),
        }) as { onProgressUpdate(f: (p: { progress: number }) => void): void }
        task.onProgressUpdate((update) => void (progress = update.progress))
      })
    }, `${lab.backend.http}/up`)
    expect(result.file).toMatchObject({ name: 'leaf.txt', size: 4000 })
    expect(typeof result.data).toBe('string')
    expect(result.progress).toBe(100)
    const echoed = JSON.parse(result.data) as { type: string; text: string }
    expect(echoed.type).toContain('multipart/form-data; boundary=')
    expect(echoed.text).toContain('name="kind"')
    expect(echoed.text).toContain('name="upload"; filename=')
  })
  test('a download becomes a temporary file that can be read, kept and removed', async () => {
    const page = await open()
    const { tempFilePath } = (await call(page, 'downloadFile', { url: `${lab.backend.http}/a.json` })) as {
      tempFilePath: string
    }
    expect(tempFilePath).toMatch(/^wxfile:\/\/tmp_.*\.json$/)
    const outcome = await page.evaluate(async (path) => {
      const { wx } = globalThis as unknown as { wx: Wx }
      const files = wx['getFileSystemManager']!() as Record<string, (o: object) => Promise<Record<string, string>>>
      const { savedFilePath } = await files['saveFile']!({ tempFilePath: path })
      const { data } = await files['readFile']!({ filePath: savedFilePath, encoding: 'utf8' })
      await files['unlink']!({ filePath: savedFilePath! })
      const gone = await files['readFile']!({ filePath: savedFilePath! }).catch(
        (error: { errMsg: string }) => error.errMsg,
      )
      return { data, gone }
    }, tempFilePath)
    expect(JSON.parse(outcome.data!)).toMatchObject({ url: '/a.json' })
    expect(outcome.gone).toContain('readFile:fail no such file')
  })
})

describe('storage', () => {
  test('values keep their type and survive a reload; a missing key reads as the empty string', async () => {
    const page = await open()
    await call(page, 'setStorage', { key: 'k', data: { list: [1, '二', null] } })
    await page.reload()
    const values = await page.evaluate(() => {
      const { wx } = globalThis as unknown as { wx: Wx }
      return [wx['getStorageSync']!('k'), wx['getStorageSync']!('other')]
    })
    expect(values).toEqual([{ list: [1, '二', null] }, ''])
  })
  test('a key above 1 MB and a sum above 10 MB are refused, synchronously by a throw', async () => {
    const page = await open()
    expect(await call(page, 'setStorage', { key: 'big', data: 'x'.repeat(1024 * 1024) })).toBe(
      'setStorage:fail entry size limit reached',
    )
    const refusal = await page.evaluate(() => {
      const { wx } = globalThis as unknown as { wx: Wx }
      try {
        for (let i = 0; i < 12; i += 1) wx['setStorageSync']!(`part${i}`, 'x'.repeat(1024 * 1024 - 100))
        return 'stored'
      } catch (error) {
        return (error as Error).message
      }
    })
    expect(refusal).toBe('setStorageSync:fail exceed storage max size 10Mb')
  })
})

describe('media', () => {
  test('injected pictures are chosen, measured, compressed and previewed', async () => {
    const page = await open()
    const outcome = await page.evaluate(async () => {
      const { wx } = globalThis as unknown as { wx: Wx }
      const canvas = new OffscreenCanvas(40, 20)
      canvas.getContext('2d')!.fillRect(0, 0, 40, 20)
      window.__harness.chooseFiles.push(new File([await canvas.convertToBlob()], 'a.png', { type: 'image/png' }))
      const chosen = (await wx['chooseMedia']!({ count: 3, mediaType: ['image'] })) as {
        type: string
        tempFiles: { tempFilePath: string; fileType: string; width: number }[]
      }
      const path = chosen.tempFiles[0]!.tempFilePath
      const info = await wx['getImageInfo']!({ src: path })
      const small = (await wx['compressImage']!({ src: path, compressedWidth: 10 })) as { tempFilePath: string }
      const smallInfo = await wx['getImageInfo']!({ src: small.tempFilePath })
      await wx['previewImage']!({ urls: [path] })
      return { chosen, info, smallInfo }
    })
    expect(outcome.chosen).toMatchObject({ type: 'image', tempFiles: [{ fileType: 'image', width: 40 }] })
    expect(outcome.info).toMatchObject({ width: 40, height: 20, type: 'png' })
    expect(outcome.smallInfo).toMatchObject({ width: 10, height: 5, type: 'jpeg' })
    await page.getByRole('dialog', { name: '图片预览' }).press('Escape')
    expect(await page.getByRole('dialog').count()).toBe(0)
  })
  test('the file chooser is used when nothing was injected; cancelling fails', async () => {
    const page = await open()
    const chooser = page.waitForEvent('filechooser')
    const chosen = call(page, 'chooseMessageFile', { count: 1, type: 'file' })
    await (await chooser).setFiles({ name: '单据.txt', mimeType: 'text/plain', buffer: Buffer.from('x') })
    expect(await chosen).toMatchObject({ tempFiles: [{ name: '单据.txt', type: 'file', size: 1 }] })
  })
  test('a recording has the length it lasted and can be played', async () => {
    const page = await open()
    const outcome = await page.evaluate(async () => {
      const { wx } = globalThis as unknown as { wx: Wx }
      const recorder = wx['getRecorderManager']!() as Record<string, (o?: unknown) => void>
      const audio = wx['createInnerAudioContext']!() as Record<string, (f?: unknown) => void> & {
        src: string
        duration: number
      }
      const result = await new Promise<{ tempFilePath: string; duration: number }>((resolve) => {
        recorder['onStop']!(resolve)
        recorder['onStart']!(() => setTimeout(() => recorder['stop']!(), 300))
        recorder['start']!({ duration: 5000, format: 'mp3' })
      })
      await new Promise<void>((resolve, reject) => {
        audio['onEnded']!(() => resolve())
        audio['onError']!((error: unknown) => reject(new Error(JSON.stringify(error))))
        audio.src = result.tempFilePath
        audio['play']!()
      })
      return { duration: result.duration, played: audio.duration }
    })
    expect(outcome.duration).toBeGreaterThanOrEqual(290)
    expect(outcome.played).toBeCloseTo(outcome.duration / 1000, 0)
  })
  test('a denied microphone is an error event', async () => {
    const page = await open({ config: { recordPermission: false } })
    const error = await page.evaluate(
      () =>
        new Promise<{ errMsg: string }>((resolve) => {
          const recorder = (globalThis as unknown as { wx: Wx }).wx['getRecorderManager']!() as Record<
            string,
            (o?: unknown) => void
          >
          recorder['onError']!(resolve)
          recorder['start']!({})
        }),
    )
    expect(error.errMsg).toBe('operateRecorder:fail auth deny')
  })
})

describe('dialogs', () => {
  test('a modal answers by button and by Escape, and an editable one with its text', async () => {
    const page = await open()
    const confirmed = call(page, 'showModal', { title: '删除？', content: '不可恢复' })
    await page.getByRole('dialog', { name: '删除？' }).getByRole('button', { name: '确定' }).click()
    expect(await confirmed).toMatchObject({ confirm: true, cancel: false })
    const escaped = call(page, 'showModal', { title: '删除？' })
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    expect(await escaped).toMatchObject({ confirm: false, cancel: true })
    const written = call(page, 'showModal', { title: '备注', editable: true })
    await page.getByRole('dialog').getByRole('textbox').fill('少糖')
    await page.getByRole('button', { name: '确定' }).click()
    expect(await written).toMatchObject({ confirm: true, content: '少糖' })
  })
  test('a phone set to English speaks English', async () => {
    const page = await open({ config: { language: 'en' } })
    const answered = call(page, 'showModal', { title: 'Remove?' })
    await page.getByRole('button', { name: 'OK' }).waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    expect(await answered).toMatchObject({ cancel: true })
  })
  test('an action sheet gives the index, or fails when cancelled', async () => {
    const page = await open()
    const chosen = call(page, 'showActionSheet', { itemList: ['甲', '乙'] })
    await page.getByRole('button', { name: '乙' }).click()
    expect(await chosen).toMatchObject({ tapIndex: 1 })
    const cancelled = call(page, 'showActionSheet', { itemList: ['甲'] })
    await page.getByRole('button', { name: '取消' }).click()
    expect(await cancelled).toBe('showActionSheet:fail cancel')
  })
  test('a toast shows and goes, loading stays until hidden', async () => {
    const page = await open()
    await call(page, 'showToast', { title: '已保存', duration: 50 })
    await expect.poll(() => page.evaluate(() => window.__harness.toast())).toBe('')
    await call(page, 'showLoading', { title: '加载中' })
    await page.getByRole('status').getByText('加载中').waitFor()
    await call(page, 'hideLoading')
    expect(await page.getByRole('status').count()).toBe(0)
  })
})

describe('measuring', () => {
  test('selector queries count from below the navigation bar', async () => {
    const page = await open({}, '/shop/detail/index?id=puer&name=x')
    await page.locator('.hero img').evaluate((image: HTMLImageElement) => image.decode())
    const [hero, probes, view, style] = (await page.evaluate(
      () =>
        new Promise((resolve) => {
          const query = (globalThis as unknown as { wx: Wx }).wx['createSelectorQuery']!() as {
            select(s: string): { boundingClientRect(): void; fields(f: object): void }
            selectAll(s: string): { boundingClientRect(): void }
            selectViewport(): { scrollOffset(): void }
            exec(f: (r: unknown) => void): void
          }
          query.select('.hero').boundingClientRect()
          query.selectAll('.probe').boundingClientRect()
          query.selectViewport().scrollOffset()
          query.select('#second').fields({ computedStyle: ['color'] })
          query.exec((results) => resolve(results as never))
        }),
    )) as [{ top: number; width: number }, unknown[], { scrollTop: number }, { color: string }]
    expect(hero).toMatchObject({ top: 0, width: 375 })
    expect(probes).toHaveLength(2)
    expect(view.scrollTop).toBe(0)
    expect(style.color).toBe('rgb(9, 8, 7)')
  })
  test('an intersection observer tells when an element comes into the page', async () => {
    const page = await open({}, '/pages/features/index')
    await page.evaluate(() => {
      const instance = window.__harness.page() as unknown as {
        createIntersectionObserver(): {
          relativeToViewport(): { observe(s: string, f: (r: { intersectionRatio: number }) => void): void }
        }
      }
      instance
        .createIntersectionObserver()
        .relativeToViewport()
        .observe('.target', ({ intersectionRatio }) => window.seen.push(intersectionRatio > 0))
      requestAnimationFrame(() => document.querySelector('wx-page')!.scrollTo(0, 99999))
    })
    await expect.poll(() => seen(page)).toContain(true)
  })
  test('window, capsule and safe area describe the phone', async () => {
    const page = await open()
    const [info, capsule] = await page.evaluate(() => {
      const { wx } = globalThis as unknown as { wx: Wx }
      return [wx['getWindowInfo']!(), wx['getMenuButtonBoundingClientRect']!()] as [
        Record<string, unknown>,
        Record<string, number>,
      ]
    })
    expect(info).toMatchObject({
      windowWidth: 375,
      screenHeight: 812,
      statusBarHeight: 44,
      windowHeight: 812 - 88 - 84,
    })
    const drawn = await page.locator('.mp-page:not([hidden]) .mp-capsule').boundingBox()
    expect(drawn).toMatchObject({ x: capsule['left'], y: capsule['top'], width: 87, height: 32 })
  })
})

describe('the rest', () => {
  test('setData is counted, and crosses as JSON', async () => {
    const page = await open()
    const outcome = await page.evaluate(() => {
      window.__harness.resetSetDataStats()
      const shared = { name: 'before' }
      window.__harness.page()!.setData({ shared })
      shared.name = 'after'
      return {
        stats: window.__harness.setDataStats(),
        kept: (window.__harness.page()!.data['shared'] as { name: string }).name,
      }
    })
    expect(outcome).toEqual({ stats: { calls: 1, bytes: 28, largest: 28 }, kept: 'before' })
  })
  test('login, payment, subscription and ext config answer as configured', async () => {
    const page = await open({ config: { payment: 'ok', subscribe: 'reject', ext: { apiBase: 'https://a.example' } } })
    expect(await call(page, 'login')).toMatchObject({ code: expect.stringMatching(/^harness-[0-9a-f]{32}$/) as string })
    expect(await call(page, 'requestPayment', {})).toMatchObject({ errMsg: 'requestPayment:ok' })
    expect(await call(page, 'requestSubscribeMessage', { tmplIds: ['t1'] })).toMatchObject({ t1: 'reject' })
    expect(await call(page, 'getExtConfigSync')).toEqual({ apiBase: 'https://a.example' })
  })
  test('the network says when it changes', async () => {
    const page = await open()
    await page.evaluate(() => {
      ;(globalThis as unknown as { wx: Wx }).wx['onNetworkStatusChange']!((status: unknown) => window.seen.push(status))
      window.__harness.setNetwork('none')
    })
    expect(await seen(page)).toEqual([{ isConnected: false, networkType: 'none' }])
    expect(await call(page, 'request', { url: lab.backend.http })).toContain('request:fail errcode:-2')
  })
  test('a page and the one it opened talk over their channel', async () => {
    const page = await open()
    await page.evaluate(() =>
      (globalThis as unknown as { wx: Wx }).wx['navigateTo']!({
        url: '/shop/detail/index?id=puer&name=x',
        events: { arrived: (id: string) => window.seen.push(id) },
      }),
    )
    expect(await seen(page)).toEqual(['puer'])
  })
})
