/** How long customers waited, were answered and helped: the report as figures and as a file. */
import { requestFile } from './http'
import type { Authorized } from './me'

export const BY = ['day', 'queue', 'agent', 'tag'] as const
export type By = (typeof BY)[number]

/** How long something took: of `count` cases, in milliseconds; -1: nothing to say. */
export interface Figure {
  count: number
  mean_ms: number
  median_ms: number
  p90_ms: number
}

export const TIMES = ['wait', 'first_reply', 'reply', 'handling', 'resolution'] as const
export const COUNTS = ['opened', 'reopened', 'resolved', 'abandoned', 'messages_left', 'transferred'] as const
export const MISSED = ['missed_wait', 'missed_first_reply', 'missed_resolution'] as const
export type Time = (typeof TIMES)[number]
export type Count = (typeof COUNTS)[number] | (typeof MISSED)[number]

export type ReportRow = { key: string; rated: number; rating: number } & Record<Time, Figure> & Record<Count, number>

export interface ServiceReport {
  shop_id: string
  by: By
  first_day: string
  last_day: string
  timezone: string
  in_open_hours: boolean
  rows: ReportRow[]
  total: ReportRow
  names: Record<string, string>
}

export interface Asked {
  shop_id: string
  by: By
  first_day: string
  last_day: string
  in_open_hours: boolean
}

export function statisticsApi(call: Authorized, token: () => Promise<string>) {
  return {
    report: (asked: Asked) => call<ServiceReport>('GET', `/v1/admin/reports/service-times?${query(asked)}`),
    table: async (asked: Asked, language: string): Promise<Blob> => {
      const path = `/v1/admin/reports/service-times.csv?${query(asked)}&language=${language}`
      return requestFile({ method: 'GET', path, token: await token() })
    },
  }
}

function query(asked: Asked): string {
  return new URLSearchParams(Object.entries(asked).map(([name, value]) => [name, String(value)])).toString()
}
