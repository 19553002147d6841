import { beforeEach, describe, expect, test } from 'vitest'
import { WaysBack, type Way } from '../src/ways-back'

describe('the ways back of a page', () => {
  let ways: WaysBack
  let told: string[]

  const way = (name: string, back = () => undefined as void): Way => ({
    hold: (shown) => told.push(`${name} ${shown === null ? 'drops' : shown ? 'shows' : 'closes'}`),
    back: () => {
      told.push(`${name} back`)
      back()
    },
  })
  const heard = () => told.splice(0)

  beforeEach(() => {
    ways = new WaysBack()
    told = []
  })

  test('one container is held by who came first, and who goes back takes the last away', () => {
    const outer = way('outer', () => ways.remove(outer))
    const inner = way('inner', () => ways.remove(inner))
    ways.add(outer)
    ways.add(inner)
    expect(heard()).toEqual(['outer shows'])
    ways.closed()
    expect(heard()).toEqual(['inner back', 'outer shows'])
    ways.closed()
    expect(heard()).toEqual(['outer back', 'outer drops'])
  })

  test('what is closed by a button closes its container before it goes, and tells nobody', () => {
    const one = way('one')
    ways.add(one)
    ways.remove(one)
    expect(heard()).toEqual(['one shows', 'one closes'])
    ways.closed()
    expect(heard()).toEqual(['one drops'])
  })

  test('who comes while a container closes waits for it', () => {
    const [one, two] = [way('one'), way('two')]
    ways.add(one)
    ways.remove(one)
    ways.add(two)
    expect(heard()).toEqual(['one shows', 'one closes'])
    ways.closed()
    expect(heard()).toEqual(['one shows'])
  })

  test('what refuses to go stays, and so does its container', () => {
    ways.add(way('busy'))
    ways.closed()
    ways.closed()
    expect(heard()).toEqual(['busy shows', 'busy back', 'busy shows', 'busy back', 'busy shows'])
  })

  test('where the holder itself is gone the next one holds', () => {
    const [one, two] = [way('one'), way('two')]
    ways.add(one)
    ways.add(two)
    ways.forget(one)
    expect(heard()).toEqual(['one shows', 'two shows'])
    ways.forget(two)
    expect(heard()).toEqual([])
  })
})
