/** Records that are read as lists: their columns, and what stands in them. */
import { ENDING } from './queries.ts'

/** Results of FULL_ENTRY; `paid` is null if there is no payload. */
export const FULL = ['seq', 'row', 'batch', 'body', 'paid', 'payload_salts', 'payload'] as const
export type FullCells = readonly [
  seq: number,
  row: number | null,
  batch: number | null,
  body: string,
  paid: number | null,
  salts: Uint8Array | null,
  payload: string | null,
]
export const ENDING_COLUMNS = ENDING.split(', ')
export const BODY_COLUMNS = ['seq', 'body'] as const
export type BodyCells = readonly [seq: number, body: string]

export type EndingCells = readonly [
  token: number,
  seq: number,
  row: number | null,
  batch: number | null,
  fate: number,
  node: number,
  sink: number | null,
  grp: number | null,
  error_code: string | null,
  error_hash: Uint8Array | null,
  recorded_us: number,
]
