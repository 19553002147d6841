import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Client, Message } from '@chaguan/sdk'
import type { ListHost } from '../src/list-host'
import { log, ME, message } from './messages'
import { phoneHost } from './phone-host'

phoneHost()
const { ListView } = await import('../src/list-view')

/** A client that holds a run of the log, as the SDK's does: its end, or a page elsewhere. */
class Server {
  readonly all = log(1, 400)
  held: Message[] = this.all.slice(-30)
  hasNewer = false
  asked: string[] = []
  fails = false
  readSeq = 400
  private readonly listeners: ((event: object) => void)[] = []

  get client(): Client {
    const messages = {
      list: () => ({
        messages: this.held,
        notices: [],
        hasOlder: this.held[0]!.seq > 1,
        hasNewer: this.hasNewer,
        loading: false,
      }),
      open: async () => undefined,
      around: async (_: string, seq: number) => {
        this.asked.push(`around ${seq}`)
        if (this.fails) throw new Error('no network')
        const middle = Math.min(Math.max(seq, 1), 400)
        this.move(this.all.slice(Math.max(0, middle - 15), middle + 15), true)
      },
      loadNewer: async () => {
        const last = this.held[this.held.length - 1]!.seq
        this.asked.push(`newer ${last}`)
        this.move([...this.held, ...this.all.slice(last, last + 30)], last + 30 < 400)
      },
      toEnd: () => this.move(this.all.slice(-30), false),
    }
    const client = {
      me: ME,
      on: (name: string, listener: (event: object) => void) => {
        if (name === 'message:changed') this.listeners.push(listener)
        return () => undefined
      },
      users: { find: () => ME, get: async () => [] },
      conversations: {
        find: () => ({
          conversation: { id: 'c1', kind: 'direct' },
          inbox: { read_seq: this.readSeq },
          unread: 400 - this.readSeq,
        }),
        markRead: () => undefined,
      },
      messages,
    }
    return client as unknown as Client
  }

  move(held: Message[], hasNewer: boolean): void {
    this.held = held
    this.hasNewer = hasNewer
    this.listeners.forEach((listener) => listener({ conversation_id: 'c1' }))
  }
}

const FRAME = { top: 0, bottom: 600, height: 600 }
let server: Server
let view: InstanceType<typeof ListView>
let drawn: Record<string, unknown>
let scrolls: number
let top: number | null
let host: ListHost

beforeEach(async () => {
  vi.useFakeTimers()
  server = new Server()
  drawn = {}
  scrolls = 0
  top = null
  host = {
    draw: async (patch) => {
      if ('scrollTo' in patch) scrolls += 1
      // What is set for a moment must have been seen.
      if (patch['into']) drawn['reached'] = patch['into']
      Object.assign(drawn, patch)
    },
    topOf: async () => top,
    measure: async () => ({ list: FRAME, pages: [], scrollTop: 5000, scrollHeight: 9000 }),
  }
  view = new ListView(host, server.client, 'c1')
  await view.start()
})

describe('a message that is sought', () => {
  test('is shown where it stands without asking for it, when it is held', async () => {
    expect(await view.reach(390)).toBe(true)
    expect(drawn['reached']).toBe('m-key-390')
    expect(server.asked).toEqual([])
  })

  test('far back is read at its place, shines, and fades', async () => {
    expect(await view.reach(40)).toBe(true)
    expect(server.asked).toEqual(['around 40'])
    expect(drawn).toMatchObject({ reached: 'm-key-40', flash: 'key-40', far: true })
    vi.advanceTimersByTime(2000)
    expect(drawn['flash']).toBe('')
  })

  test('that is gone is not shown, and the reader is back at the end', async () => {
    expect(await view.reach(999)).toBe(false)
    expect(server.hasNewer).toBe(false)
  })

  test('without a network is not shown, and nothing moves', async () => {
    server.fails = true
    const before = scrolls
    expect(await view.reach(40)).toBe(false)
    expect(scrolls).toBe(before)
    expect(view.message('key-399')).toBeDefined()
  })

  test('does not pull the reader to the end, nor does what comes meanwhile', async () => {
    await view.reach(40)
    const before = scrolls
    server.move([...server.held], true)
    await vi.advanceTimersByTimeAsync(10)
    expect(scrolls).toBe(before)
  })

  test('leads on to what follows it, page by page, to the end of the log', async () => {
    await view.reach(340)
    for (let i = 0; i < 3; i++) {
      view.scrolled(8400, 9000)
      await vi.advanceTimersByTimeAsync(10)
    }
    expect(server.asked).toEqual(['around 340', 'newer 355', 'newer 385'])
    expect(view.message('key-400')).toBeDefined()
  })

  test('is left behind when one sends: the list goes to the end', async () => {
    await view.reach(40)
    const before = scrolls
    const sent = message(0, undefined, { client_msg_id: 'new', status: 'sending', sender_id: ME.id })
    server.move([...server.all.slice(-30), sent], false)
    await vi.advanceTimersByTimeAsync(10)
    expect(scrolls).toBeGreaterThan(before)
  })

  test('is reached though the chat was only just opened', async () => {
    const opened = new ListView(
      {
        draw: async (patch) => void Object.assign(drawn, patch['into'] ? { reached: patch['into'] } : {}),
        measure: async () => null,
        topOf: async () => null,
      },
      server.client,
      'c1',
    )
    void opened.start()
    expect(await opened.reach(395)).toBe(true)
    expect(drawn['reached']).toBe('m-key-395')
    expect(server.asked).toEqual([])
  })
})

describe('what was unread', () => {
  async function open(readSeq: number): Promise<void> {
    server = new Server()
    server.readSeq = readSeq
    view = new ListView(host, server.client, 'c1')
    await view.start()
  }

  test('above the screen has a way to it, until it comes into sight', async () => {
    top = -900
    await open(380)
    expect(drawn['above']).toBe(20)
    top = 120
    view.scrolled(3000, 9000)
    await vi.advanceTimersByTimeAsync(10)
    expect(drawn['above']).toBe(0)
  })

  test('is reached with one tap, and the way is gone', async () => {
    top = -900
    await open(380)
    expect(await view.toUnread()).toBe(true)
    expect(drawn).toMatchObject({ reached: 'm-key-381', above: 0 })
    expect(server.asked).toEqual([])
  })

  test('further back than what is held is read at its place, and its first message divides', async () => {
    await open(100)
    expect(drawn['above']).toBe(300)
    expect(await view.toUnread()).toBe(true)
    expect(server.asked).toEqual(['around 101'])
    expect(drawn['reached']).toBe('m-key-101')
    const divider = Object.entries(drawn).filter(([path, value]) => /divider$/.test(path) && value)
    expect(divider.map(([, value]) => value)).toEqual(['以下是新消息'])
  })

  test('that mentions the reader is led to first, however few there are, and then to the beginning', async () => {
    top = -900
    const calls = (seq: number) => server.all.map((one) => (one.seq === seq ? { ...one, mentions: [ME.id] } : one))
    server = new Server()
    Object.assign(server, { all: calls(391), readSeq: 380 })
    server.held = server.all.slice(-30)
    view = new ListView(host, server.client, 'c1')
    await view.start()
    expect(drawn).toMatchObject({ above: 20, called: 'key-391' })
    expect(await view.toUnread()).toBe(true)
    expect(drawn).toMatchObject({ reached: 'm-key-391', above: 20, called: '' })
    await view.toUnread()
    expect(drawn).toMatchObject({ reached: 'm-key-381', above: 0 })
  })

  test('of a few messages needs no way, nor does what is on the screen', async () => {
    top = -900
    await open(395)
    expect(drawn['above'] ?? 0).toBe(0)
    top = 120
    await open(380)
    expect(drawn['above']).toBe(0)
  })
})

describe('a log that began anew while it is shown', () => {
  const shown = () => (drawn['pages'] as { rows: { seq: number }[] }[]).flatMap(({ rows }) => rows)

  test.each([600, 600.5])('shows what came before its first message, in a frame of %s px', async (height) => {
    host.measure = async () => ({
      list: { top: 0, bottom: height, height },
      pages: [],
      scrollTop: 0,
      scrollHeight: Math.ceil(height),
    })
    server = new Server()
    server.held = server.all.slice(-1)
    view = new ListView(host, server.client, 'c1')
    await view.start()
    expect(shown().map(({ seq }) => seq)).toEqual([400])
    server.move(server.all.slice(-8), false)
    await vi.waitFor(() => expect(shown()).toHaveLength(8))
  })
})
