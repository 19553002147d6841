export {}

declare global {
  // Set up by the tests of wx themselves.
  interface Window {
    seen: unknown[]
    task: Record<string, (...args: unknown[]) => unknown> & { readyState: number }
  }
}
