// What it takes until a conversation stands on the screen, and what crosses to the view for it.
import type { CDPSession, Page } from 'playwright-core'
import type { Phone, Phones } from './phones'

/** The kit's list; the same lines in a list that is given all of them; and much simpler ones, as sample code has it. */
export const LISTS = ['kit', 'whole', 'sample'] as const
export type List = (typeof LISTS)[number]

export interface Opening {
  /** What the view's thread worked, milliseconds, whatever else this machine does; without what an empty page takes. */
  work_ms: number
  /** What passed until the first frame in which the newest message stood in sight. */
  ms: number
  calls: number
  bytes: number
}

export type Compared = Record<List, Opening> & {
  /** How many times the kit's the others take, of the same round; the median. */
  times: Record<List, { work: number; passed: number }>
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!

async function worked(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN) * 1000
}

/** Opens a page whose newest message begins with `newest`, and answers when it stands at the end of the screen. */
const openAndLook = (page: Page, url: string, newest: string) =>
  page.evaluate(
    async ([target, begin]) => {
      const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve))
      const isShown = () => {
        const log = document.querySelector('[role=log]')
        const rows = log?.querySelectorAll('[role=article]')
        const last = rows?.[rows.length - 1]
        if (!log || !last?.getAttribute('aria-label')?.includes(begin)) return false
        return getComputedStyle(log).opacity === '1' && last.getBoundingClientRect().bottom <= innerHeight + 1
      }
      window.__harness.resetSetDataStats()
      const start = performance.now()
      window.__harness.open(target)
      while (!isShown()) {
        if (performance.now() - start > 60_000) throw new Error(`${target} never showed ${begin}`)
        await frame()
      }
      const { calls, bytes } = window.__harness.setDataStats()
      return { ms: performance.now() - start, calls, bytes }
    },
    [url, newest] as const,
  )

/** The page before is empty, so that nobody's leaving is counted, and neither is the garbage of the opening before. */
async function openOnce(page: Page, session: CDPSession, list: List | 'empty', count: number): Promise<Opening> {
  await page.evaluate((n) => window.__harness.reLaunch(`/pages/start/index?count=${n}`), count)
  await page.getByText('首页').waitFor()
  await session.send('HeapProfiler.collectGarbage')
  const before = await worked(session)
  const opening = await openAndLook(page, `/pages/${list}/index`, `${count} `)
  return { ...opening, work_ms: (await worked(session)) - before }
}

/** `rounds` of each list in turn, after one that nobody counts; `slower` times slowed by the browser. */
export async function compare(phones: Phones, count: number, rounds: number, slower = 1): Promise<Compared> {
  const { page } = await phones.open('pages/start/index', 'count=1')
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  await session.send('Emulation.setCPUThrottlingRate', { rate: slower })
  const measured: Record<List, Opening>[] = []
  for (let round = 0; round <= rounds; round++) {
    const one: Partial<Record<List, Opening>> = {}
    const empty = await openOnce(page, session, 'empty', count)
    for (const list of LISTS) {
      const opening = await openOnce(page, session, list, count)
      one[list] = { ...opening, work_ms: opening.work_ms - empty.work_ms }
    }
    if (round) measured.push(one as Record<List, Opening>)
  }
  await page.context().close()
  const each = <T>(make: (list: List) => T) =>
    Object.fromEntries(LISTS.map((list) => [list, make(list)])) as Record<List, T>
  const middle = (list: List, name: keyof Opening) => median(measured.map((round) => round[list][name]))
  return {
    ...each((list) => ({
      work_ms: middle(list, 'work_ms'),
      ms: middle(list, 'ms'),
      calls: middle(list, 'calls'),
      bytes: middle(list, 'bytes'),
    })),
    times: each((list) => ({
      work: median(measured.map((round) => round[list].work_ms / round.kit.work_ms)),
      passed: median(measured.map((round) => round[list].ms / round.kit.ms)),
    })),
  }
}

export interface Crossing {
  calls: number
  bytes: number
}

/** What crosses for a message that the other side says, when the list stands at its end; the dearest of ten. */
export async function append({ page }: Phone): Promise<Crossing> {
  const all: Crossing[] = []
  for (let i = 0; i < 10; i++) {
    const text = `再来一壶 ${i}`
    await page.evaluate((said) => {
      window.__harness.resetSetDataStats()
      window.__harness.page().say(said)
    }, text)
    await page.locator(`[role=article][aria-label*="${text}"]`).waitFor()
    all.push(await settled(page))
  }
  return { calls: Math.max(...all.map(({ calls }) => calls)), bytes: Math.max(...all.map(({ bytes }) => bytes)) }
}

/** Once nothing has crossed for ten frames. */
function settled(page: Page): Promise<Crossing> {
  return page.evaluate(async () => {
    let stats = window.__harness.setDataStats()
    for (let quiet = 0; quiet < 10; quiet++) {
      await new Promise((resolve) => requestAnimationFrame(resolve))
      const now = window.__harness.setDataStats()
      if (now.calls !== stats.calls) quiet = -1
      stats = now
    }
    return { calls: stats.calls, bytes: stats.bytes }
  })
}
