export interface Frame {
  top: number
  bottom: number
  height: number
}

/** Where the list and its pages stand on the screen. */
export interface Measures {
  list: Frame
  pages: Frame[]
  scrollTop: number
  scrollHeight: number
}

interface Component {
  createSelectorQuery(): WechatMiniprogram.SelectorQuery
}

/** Of a component with a `.list` of `.page`s; null while it is not in the view. */
export function measuresOf(component: Component): Promise<Measures | null> {
  return new Promise((resolve) => {
    const query = component.createSelectorQuery()
    query.select('.list').boundingClientRect()
    query.select('.list').scrollOffset()
    query.selectAll('.page').boundingClientRect()
    query.exec(([list, offset, pages]: [Frame | null, Measures | null, Frame[]]) => {
      if (!list || !offset) return resolve(null)
      resolve({ list, pages, scrollTop: offset.scrollTop, scrollHeight: offset.scrollHeight })
    })
  })
}

/** Where the row of a message stands, if it is in the view. */
export function topOf(component: Component, key: string): Promise<number | null> {
  return new Promise((resolve) => {
    const query = component.createSelectorQuery()
    query.select(`#m-${key}`).boundingClientRect((row) => resolve(row ? row.top : null))
    query.exec()
  })
}
