// The page-container that a page shows. There is one at most, and who goes back closes it in place of the page.
const shown = new WeakMap<Element, () => void>()

/** False where the page shows another one already: WeChat adds no second. `close` is what going back does. */
export function claimContainer(page: Element, close: () => void): boolean {
  const held = shown.get(page) ?? close
  shown.set(page, held)
  return held === close
}

export function releaseContainer(page: Element, close: () => void): void {
  if (shown.get(page) === close) shown.delete(page)
}

/** Whether there was one to close. */
export function closeContainer(page: Element): boolean {
  const close = shown.get(page)
  close?.()
  return close !== undefined
}
