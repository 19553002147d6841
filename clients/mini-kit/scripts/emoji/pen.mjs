// What all drawings are made of. Attributes are written with ', since the whole stands in a url("…").
export const BROWN = '#5d3a1a'
export const RED = '#ee4d43'
export const BLUE = '#4aaef5'
export const GREEN = '#4fae63'
export const WHITE = '#fff'

const WIDTH = 1.5
const wide = (width) => (width === WIDTH ? '' : ` stroke-width='${width}'`)
const opacity = (value) => (value === 1 ? '' : ` opacity='${value}'`)

export const blob = (path, fill, see = 1) => `<path fill='${fill}'${opacity(see)} d='${path}'/>`
export const circle = (x, y, r, fill = BROWN) => `<circle cx='${x}' cy='${y}' r='${r}' fill='${fill}'/>`
export const oval = (x, y, rx, ry, fill = BROWN, see = 1) =>
  `<ellipse cx='${x}' cy='${y}' rx='${rx}' ry='${ry}' fill='${fill}'${opacity(see)}/>`
/** A stroke; ends and joins are round, which the picture as a whole says. */
export const line = (path, stroke = BROWN, width = WIDTH) => `<path stroke='${stroke}'${wide(width)} d='${path}'/>`
export const outlined = (path, fill, stroke, width) =>
  `<path fill='${fill}' stroke='${stroke}'${wide(width)} d='${path}'/>`
export const ring = (x, y, rx, ry, stroke, width) =>
  `<ellipse cx='${x}' cy='${y}' rx='${rx}' ry='${ry}' stroke='${stroke}'${wide(width)}/>`
export const turned = (inside, transform) => `<g transform='${transform}'>${inside}</g>`

/** All pictures in rows of so many; each is cut off where its square ends. */
export function sheetOf(drawings, columns) {
  const cells = drawings.map(
    (drawing, i) =>
      `<svg x='${(i % columns) * 24}' y='${Math.floor(i / columns) * 24}' width='24' height='24'>${drawing}</svg>`,
  )
  const [width, height] = [columns * 24, Math.ceil(drawings.length / columns) * 24]
  return `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 ${width} ${height}' fill='none' stroke-width='${WIDTH}' stroke-linecap='round' stroke-linejoin='round'>${cells.join('')}</svg>`
}
