/** What this tab remembers from page to page. A browser that forbids storage begins anew on each. */
export class Memory {
  constructor(private readonly prefix: string) {}

  get(name: string): string {
    try {
      return sessionStorage.getItem(this.prefix + name) ?? ''
    } catch {
      return ''
    }
  }

  /** An empty value is forgotten. */
  set(name: string, value: string): void {
    try {
      if (value) sessionStorage.setItem(this.prefix + name, value)
      else sessionStorage.removeItem(this.prefix + name)
    } catch {
      // Forbidden or full: remembered as long as this page.
    }
  }

  /** Forgets every name that begins so. */
  forget(start: string): void {
    try {
      const names = Object.keys(sessionStorage).filter((key) => key.startsWith(this.prefix + start))
      names.forEach((key) => sessionStorage.removeItem(key))
    } catch {
      // Nothing was kept.
    }
  }
}
