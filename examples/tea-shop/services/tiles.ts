import { yuan } from './money'
import type { Product } from './shop'
import { fill, pick, texts } from './texts'

/** A product in a grid. */
export interface Tile {
  id: string
  name: string
  line: string
  picture: string
  price: string
  more: boolean
  sold: string
  tag: string
}

export function tileOf(product: Product): Tile {
  const prices = product.specs.map((spec) => spec.price)
  return {
    id: product.id, name: pick(product.name), line: pick(product.line), picture: product.picture,
    price: yuan(Math.min(...prices)), more: prices.length > 1, sold: fill(texts().sold, product.sold), tag: pick(product.tag),
  }
}
