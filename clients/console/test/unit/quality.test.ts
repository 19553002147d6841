/** The wall's sizes and colours, and how its figures are written. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import TargetsForm from '@/components/desk/TargetsForm.vue'
import { counting, lastDays, lasting, marks } from '@/components/quality/figures'
import { FIGURE_PX, GROUNDS, SCREEN_PX, TEXTS, WALL_DARK, WALL_LIGHT } from '@/components/quality/palette'
import ReportChart from '@/components/quality/ReportChart.vue'
import WallPages from '@/components/quality/WallPages.vue'
import { i18n } from '@/i18n'

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

beforeEach(() => {
  setActivePinia(createPinia())
  i18n.global.locale.value = 'en'
})

describe('the wall can be read across a room', () => {
  it.each([
    ['dark', WALL_DARK],
    ['light', WALL_LIGHT],
  ])('%s: every text has 7:1 on every ground', (_name, palette) => {
    for (const text of TEXTS)
      for (const ground of GROUNDS)
        expect(contrast(palette[text], palette[ground]), `${text} on ${ground}`).toBeGreaterThanOrEqual(7)
  })

  it('the measure itself is right', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 1)
  })

  it('figures have 48 px on a screen of 1080', () => {
    const sheet = readFileSync(join(import.meta.dirname, '../../src/views/wall.css'), 'utf8')
    const tile = readFileSync(join(import.meta.dirname, '../../src/components/quality/WallTile.vue'), 'utf8')
    const vh = Number(/font-size: min\(([\d.]+)vh/.exec(sheet)?.[1])
    const em = (vh * SCREEN_PX) / 100
    const sizes = [...`${sheet}\n${tile}`.matchAll(/\.figure\)? \{[^}]*?font-size: ([\d.]+)em/g)].map((m) =>
      Number(m[1]),
    )
    expect(sizes.length).toBeGreaterThanOrEqual(3)
    for (const size of sizes) expect(size * em).toBeGreaterThanOrEqual(FIGURE_PX - 0.01)
    expect(Number(/\.clock \{\s*font-size: ([\d.]+)em/.exec(sheet)?.[1]) * em).toBeGreaterThanOrEqual(FIGURE_PX - 0.01)
  })
})

describe('times', () => {
  it.each([
    [0, '0:00'],
    [42_900, '0:42'],
    [727_000, '12:07'],
    [11_109_000, '3:05:09'],
    [200_000_000, '2 d 7 h'],
    [-5, '0:00'],
  ])('%i ms are counted as %s', (ms, text) => expect(counting(ms)).toBe(text))

  it.each([
    [-1, '–'],
    [0, '0s'],
    [1_240, '1.2s'],
    [42_000, '42s'],
    [125_000, '2m 5s'],
    [7_500_000, '2h 5m'],
  ])('%i ms last %s', (ms, text) => expect(lasting(ms)).toBe(text))

  it.each([
    [0, false],
    [3, false],
    [1_234, false],
    [500, true],
    [95_000, true],
    [900_000_000, true],
  ])('the marks of an axis to %i reach it, begin at 0 and are at most six', (largest, isTime) => {
    const found = marks(largest, isTime)
    expect(found[0]).toBe(0)
    expect(found.at(-1)).toBeGreaterThanOrEqual(largest)
    expect(found.length).toBeGreaterThanOrEqual(2)
    expect(found.length).toBeLessThanOrEqual(6)
  })
})

describe('pages of the wall', () => {
  const wall = (still: boolean) =>
    mount(WallPages, {
      global: { plugins: [i18n] },
      props: { title: 'Agents', items: [1, 2, 3, 4, 5], perPage: 2, still, empty: 'none' },
      slots: { default: '<li>{{ params.item }}</li>' },
    })

  it('turn by themselves, begin again, and stand still when they are told to', async () => {
    vi.useFakeTimers()
    const turning = wall(false)
    const standing = wall(true)
    expect(turning.text()).toContain('1/3')
    await vi.advanceTimersByTimeAsync(12_000)
    expect(turning.text()).toContain('2/3')
    expect(standing.text()).toContain('1/3')
    await vi.advanceTimersByTimeAsync(24_000)
    expect(turning.text()).toContain('1/3')
    vi.useRealTimers()
  })

  it('a page that is gone is left', async () => {
    vi.useFakeTimers()
    const turning = wall(false)
    await vi.advanceTimersByTimeAsync(24_000)
    await turning.setProps({ items: [1] })
    expect(turning.findAll('li')).toHaveLength(1)
    vi.useRealTimers()
  })
})

it('the chart is one sentence to who does not see it, and draws what there is', () => {
  const chart = mount(ReportChart, {
    props: {
      bars: [
        { key: 'a', name: 'A', value: 60_000 },
        { key: 'b', name: 'B', value: -1 },
      ],
      label: 'First reply by queue',
      isTime: true,
      upright: false,
      format: lasting,
    },
  })
  expect(chart.attributes('role')).toBe('img')
  expect(chart.attributes('aria-label')).toBe('First reply by queue')
  expect(chart.findAll('rect')).toHaveLength(1)
})

it('the form of targets gives whole numbers within their bounds and keeps what it does not show', async () => {
  const form = mount(TargetsForm, {
    global: { plugins: [i18n] },
    props: { queues: [{ id: 'q_2', name: 'Urgent' }], wait: 0, targets: { first_reply_s: 60, resolution_s: 5 } },
  })
  const [wait, first] = form.findAll('input[type=number]')
  await wait?.setValue('90000')
  await first?.setValue('12.4')
  await form.find('select').setValue('q_2')
  expect(form.emitted('update:wait')?.at(-1)).toEqual([86_400])
  expect(form.emitted('update:targets')?.at(0)).toEqual([{ first_reply_s: 12, resolution_s: 5 }])
  expect(form.emitted('update:targets')?.at(-1)).toEqual([{ first_reply_s: 12, resolution_s: 5, move_to: 'q_2' }])
})

describe('the days of a report', () => {
  const late = Date.parse('2027-03-28T17:30:00Z')

  it('end today by the calendar of the shop, wherever the browser is', () => {
    expect(lastDays(1, late, 'Asia/Shanghai')).toEqual(['2027-03-29', '2027-03-29'])
    expect(lastDays(1, late, 'UTC')).toEqual(['2027-03-28', '2027-03-28'])
    expect(lastDays(7, late, 'Asia/Shanghai')).toEqual(['2027-03-23', '2027-03-29'])
  })

  it('are as many when a clock was put forward among them', () => {
    expect(lastDays(30, late, 'Europe/Berlin')).toEqual(['2027-02-27', '2027-03-28'])
  })
})
