// picker: a sheet with the browser's own selects and date fields, so that keyboard and screen reader work.
import { tap } from '../gestures'
import { make } from '../screen'
import { word } from '../words'
import { openSheet } from '../../wx/ui'
import { define, keyboardOperable, onTap, type Host } from './define'

type Props = {
  mode: string
  range: unknown[]
  rangeKey: string
  value: unknown
  disabled: boolean
  start: string
  end: string
  headerText: string
  fields: string
}

const textOf = (item: unknown, key: string): string => String(key ? (item as Record<string, unknown>)[key] : item)

function drawSelect(parent: HTMLElement, items: unknown[], key: string, index: number): HTMLSelectElement {
  const select = make('select', '', parent) as HTMLSelectElement
  items.forEach((item, i) => select.add(new Option(textOf(item, key), String(i))))
  select.selectedIndex = index
  return select
}

function drawColumns(sheet: HTMLElement, host: Host<Props>): () => number[] {
  const { range, rangeKey, value } = host.props
  const chosen = Array.isArray(value) ? (value as number[]) : []
  const selects = range.map((items, column) => {
    const select = drawSelect(sheet, items as unknown[], rangeKey, chosen[column] ?? 0)
    select.addEventListener('change', () => host.emit('columnchange', { column, value: select.selectedIndex }))
    return select
  })
  return () => selects.map((select) => select.selectedIndex)
}

function drawMoment(sheet: HTMLElement, { props }: Host<Props>): () => string {
  const input = make('input', '', sheet) as HTMLInputElement
  input.type = props.mode === 'time' ? 'time' : props.fields === 'month' ? 'month' : 'date'
  Object.assign(input, { value: String(props.value ?? ''), min: props.start, max: props.end })
  return () => input.value
}

function draw(sheet: HTMLElement, host: Host<Props>): () => unknown {
  const { mode, range, rangeKey, value } = host.props
  if (mode === 'multiSelector') return drawColumns(sheet, host)
  if (mode === 'date' || mode === 'time') return drawMoment(sheet, host)
  const select = drawSelect(sheet, range, rangeKey, Number(value) || 0)
  return () => select.selectedIndex
}

async function choose(host: Host<Props>): Promise<void> {
  if (host.props.disabled) return
  const value = await openSheet<unknown>(host.props.headerText || word('choose'), (sheet) => draw(sheet, host))
  if (value === undefined) return host.emit('cancel')
  host.set({ value })
  host.emit('change', { value })
}

function mount(host: Host<Props>): void {
  keyboardOperable(host.dom, 'button', () => host.dom.__wxElement && tap(host.dom.__wxElement, host.dom))
  onTap(host.dom, () => void choose(host))
}

export const definePicker = (): void =>
  define<Props>('picker', {
    properties: {
      mode: { type: String, value: 'selector' },
      range: Array,
      rangeKey: String,
      value: null,
      disabled: Boolean,
      start: String,
      end: String,
      headerText: String,
      fields: { type: String, value: 'day' },
      customItem: String,
      level: String,
    },
    mount,
  })
