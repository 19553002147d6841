import { yuan } from './money'
import type { Line, Product } from './shop'
import { pick } from './texts'

/** A line of a cart or an order as it is shown. */
export interface LineView {
  key: string
  id: string
  name: string
  spec: string
  picture: string
  price: string
  quantity: number
}

export function lineViews(lines: readonly Line[], products: readonly Product[]): LineView[] {
  const views: LineView[] = []
  for (const { product_id, spec, quantity } of lines) {
    const product = products.find((one) => one.id === product_id)
    const chosen = product?.specs[spec]
    if (!product || !chosen) continue
    views.push({
      key: `${product_id}:${spec}`, id: product_id, name: pick(product.name), spec: pick(chosen.name), picture: product.picture,
      price: yuan(chosen.price), quantity,
    })
  }
  return views
}

export function totalOf(lines: readonly Line[], products: readonly Product[]): number {
  return lines.reduce((sum, line) => {
    const price = products.find((one) => one.id === line.product_id)?.specs[line.spec]?.price ?? 0
    return sum + price * line.quantity
  }, 0)
}
