import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Message } from '@chaguan/sdk'
import { ME, MEI, message } from './messages'
import { phoneHost } from './phone-host'

const host = phoneHost()
const { kit } = await import('../src/kit')
const { heard } = await import('../src/heard')
const { player } = await import('../src/player')
const { trackOf, unheardAfter } = await import('../src/voices')

const NOW = 1_800_000_000_000
let signOut: (event: { reason: string }) => void

function signIn(id: string): void {
  const on = (_: string, listener: typeof signOut) => {
    signOut = listener
    return () => undefined
  }
  kit.use({ me: { id }, on } as never, { endpoint: 'https://im.example.com' })
}

const voice = (seq: number, more: Partial<Message> = {}) =>
  message(seq, { type: 'voice', media_id: `m${seq}`, url: `/v1/media/m${seq}`, duration_ms: 4000 }, more)
const link = (seq: number) => `https://im.example.com/v1/media/m${seq}`
/** Voice notes of 小梅, with a word and an own voice note between. */
const log = [voice(1), message(2), voice(3), voice(4, { sender_id: ME.id }), voice(5)]

beforeEach(() => {
  vi.useFakeTimers({ now: NOW })
  host.stored.clear()
  host.audio.played.length = 0
  heard.forget()
  player.stop()
  player.follow((key) => unheardAfter(log, key, ME.id))
  signIn(ME.id)
})

describe('voice notes', () => {
  test('who hears one that is new hears on, past words and own voices, to the last', () => {
    player.toggle(trackOf(log[0]!, ME.id)!)
    host.audio.end()
    host.audio.end()
    host.audio.end()
    expect(host.audio.played).toEqual([link(1), link(3), link(5)])
    expect(player.playing).toBe('')
  })

  test('one that was heard already plays alone', () => {
    heard.mark('key-1', log[0]!.created_at)
    player.toggle(trackOf(log[0]!, ME.id)!)
    host.audio.end()
    expect(host.audio.played).toEqual([link(1)])
  })

  test('what was heard in between is passed over', () => {
    heard.mark('key-3', log[2]!.created_at)
    player.toggle(trackOf(log[0]!, ME.id)!)
    host.audio.end()
    expect(host.audio.played).toEqual([link(1), link(5)])
  })

  test('a second tap ends it, and nothing follows', () => {
    const track = trackOf(log[0]!, ME.id)!
    player.toggle(track)
    player.toggle(track)
    expect(player.playing).toBe('')
    host.audio.end()
    expect(host.audio.played).toEqual([link(1)])
  })

  test('its progress is told by the length that the message gives', () => {
    const told: number[] = []
    const off = player.onChange(({ progress }) => told.push(progress))
    player.toggle(trackOf(log[0]!, ME.id)!)
    host.audio.move(1)
    host.audio.move(9)
    off()
    expect(told).toEqual([0, 0.25, 1])
  })

  test('one that can not be played says so, and plays no more', () => {
    const failed: string[] = []
    const off = player.onChange((now) => now.failed && failed.push(now.key))
    player.toggle(trackOf(log[0]!, ME.id)!)
    host.audio.fail()
    off()
    expect(failed).toEqual(['key-1'])
    expect(player.playing).toBe('')
  })

  test('the choice between speaker and earpiece is kept by the phone, and begins the voice anew', () => {
    player.toggle(trackOf(log[0]!, ME.id)!)
    player.setEarpiece(true)
    expect(host.options[host.options.length - 1]).toMatchObject({ speakerOn: false })
    expect(host.audio.played).toEqual([link(1), link(1)])
    expect(host.stored.get('cg-earpiece')).toBe(true)
    player.setEarpiece(false)
  })
})

describe('what was heard', () => {
  const at = NOW + 1000

  test('stays heard when the app starts again, for the same user only', async () => {
    heard.mark('key-1', at)
    vi.resetModules()
    const again = await import('../src/heard')
    const { kit: other } = await import('../src/kit')
    other.use({ me: { id: ME.id }, on: () => () => undefined } as never, { endpoint: '' })
    expect(again.heard.isFresh('key-1', at)).toBe(false)
    expect(again.heard.isFresh('key-2', at)).toBe(true)
    other.use({ me: { id: MEI.id }, on: () => () => undefined } as never, { endpoint: '' })
    expect(again.heard.isFresh('key-1', at)).toBe(true)
  })

  test('on a phone that is new to someone the voices of last week are not new', () => {
    expect(heard.isFresh('old', NOW - 7 * 86_400_000)).toBe(false)
    expect(heard.isFresh('new', NOW - 3_600_000)).toBe(true)
  })

  test('however many there are, little is kept and none becomes new again', () => {
    for (let i = 0; i < 1200; i++) heard.mark(`key-${i}`, NOW + i)
    const kept = host.stored.get('cg-heard') as { heard: unknown[] }
    expect(kept.heard.length).toBeLessThanOrEqual(500)
    for (let i = 0; i < 1200; i++) expect(heard.isFresh(`key-${i}`, NOW + i)).toBe(false)
    expect(heard.isFresh('key-later', NOW + 1300)).toBe(true)
  })

  test('signing out leaves nothing of it, a lost connection does', () => {
    heard.mark('key-1', at)
    signOut({ reason: 'unauthenticated' })
    expect(host.stored.has('cg-heard')).toBe(true)
    signOut({ reason: 'signed_out' })
    expect(host.stored.has('cg-heard')).toBe(false)
  })
})
