/** The order of a list that one can change by hand. Pure. */

/** The same things with one of them in another place. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const others = list.filter((_, at) => at !== from)
  const one = list[from]
  return one === undefined ? others : [...others.slice(0, to), one, ...others.slice(to)]
}

/** Where something lands that is dropped on the upper or lower half of another. */
export function landing(from: number, over: number, below: boolean): number {
  const gap = below ? over + 1 : over
  return gap > from ? gap - 1 : gap
}

/** The newest list in the order that was seen; what came meanwhile is last. */
export function inOrderOf<T extends { id?: string }>(list: readonly T[], seen: readonly T[]): T[] {
  const place = new Map(seen.map(({ id }, at) => [id, at]))
  const of = ({ id }: T) => place.get(id) ?? seen.length
  return [...list].sort((a, b) => of(a) - of(b))
}
