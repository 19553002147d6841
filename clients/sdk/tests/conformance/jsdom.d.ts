/** The little of jsdom that the suite uses; its own types are a package of their own. */
declare module 'jsdom' {
  export class JSDOM {
    constructor(html: string, options: { url: string; pretendToBeVisual?: boolean; storageQuota?: number })
    readonly window: Window & typeof globalThis
  }
}
