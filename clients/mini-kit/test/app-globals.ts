// What every program finds beside `wx`, for components in jsdom.
const page = {}
Object.assign(globalThis, { getCurrentPages: () => [page] })
