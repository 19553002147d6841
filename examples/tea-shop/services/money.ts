/** `16800` → `168`, `16850` → `168.50`. */
export function yuan(fen: number): string {
  return fen % 100 ? (fen / 100).toFixed(2) : String(fen / 100)
}

export function day(at_ms: number): string {
  const at = new Date(at_ms)
  const two = (value: number) => (value < 10 ? `0${value}` : String(value))
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`
}
