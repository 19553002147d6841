import type { CheckId } from './texts/index'
import type { Project } from './project'

/** `error`: it does not work, or must not be published. `warning`: it may not. `note`: what to enter elsewhere. */
export type Severity = 'error' | 'warning' | 'note'

export interface Place {
  /** From the project's root, with forward slashes. */
  file: string
  /** From 1. */
  line: number
}

/** What one check says of one place; `data` fills the `{blanks}` of its texts. */
export interface Found {
  severity: Severity
  at?: Place
  data?: Record<string, string>
}

export interface Finding extends Found {
  check: CheckId
}

export interface Options {
  /** About to be uploaded: what serves only in the developer tools is then an error. */
  release: boolean
  /** Hosts entered in mp.weixin.qq.com; empty: not told, not compared. */
  domains: string[]
}

export type Check = (project: Project, options: Options) => Iterable<Found>
