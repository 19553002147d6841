/** A drawing as a CSS value. Attributes of the drawing are written with '. */
export const dataUrl = (svg) =>
  `url("data:image/svg+xml,${svg.replace(/</g, '%3C').replace(/>/g, '%3E').replace(/#/g, '%23')}")`
