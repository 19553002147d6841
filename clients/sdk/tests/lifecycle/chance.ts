/** Numbers from a seed (mulberry32): the same life each time. */
export class Chance {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  upTo(most: number): number {
    return Math.floor(this.next() * (most + 1))
  }

  is(share: number): boolean {
    return this.next() < share
  }

  one<T>(of: readonly T[]): T {
    return of[this.upTo(of.length - 1)] as T
  }
}
