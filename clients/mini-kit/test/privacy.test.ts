import { beforeEach, expect, test, vi } from 'vitest'
import type { PrivacyAnswer } from '../src/privacy'

let need: (resolve: (answer: PrivacyAnswer) => void) => void
let registered = 0

beforeEach(() => {
  vi.resetModules()
  registered = 0
  Object.assign(globalThis, {
    wx: {
      onNeedPrivacyAuthorization(listener: typeof need) {
        registered += 1
        need = listener
      },
    },
  })
})

const fresh = async () => (await import('../src/privacy')).privacy

test('two calls at once are asked for with one sheet, and both get the answer', async () => {
  const privacy = await fresh()
  const shown: boolean[] = []
  privacy.show((open) => shown.push(open))
  const answers: string[][] = [[], []]
  need((answer) => answers[0]!.push(answer.event))
  need((answer) => answers[1]!.push(answer.event))
  expect(shown).toEqual([true])
  privacy.answer({ event: 'agree', buttonId: 'b' })
  expect(shown).toEqual([true, false])
  expect(answers).toEqual([['exposureAuthorization', 'agree'], ['agree']])
})

test('the page on screen asks, and one that went away does not', async () => {
  const privacy = await fresh()
  const asked: string[] = []
  privacy.show((open) => open && asked.push('below'))
  const leave = privacy.show((open) => open && asked.push('above'))
  need(() => undefined)
  privacy.answer({ event: 'disagree' })
  leave()
  need(() => undefined)
  expect(asked).toEqual(['above', 'below'])
})

test('what is needed while no sheet is there waits for one', async () => {
  const privacy = await fresh()
  const gone = privacy.show(() => undefined)
  gone()
  const answers: string[] = []
  need((answer) => answers.push(answer.event))
  expect(answers).toEqual([])
  privacy.show((open) => open && privacy.answer({ event: 'disagree' }))
  expect(answers).toContain('disagree')
})

test('the host is asked to tell once, whatever the number of pages', async () => {
  const privacy = await fresh()
  privacy.show(() => undefined)
  privacy.show(() => undefined)
  expect(registered).toBe(1)
})

test('a base library that knows nothing of it changes nothing', async () => {
  Object.assign(globalThis, { wx: {} })
  const privacy = await fresh()
  expect(() => privacy.show(() => undefined)).not.toThrow()
})
