import type { Json } from '../../model/row.ts'

/** A JSON object of somebody else's: what it has is to be looked at. */
export type JsonMap = { readonly [name: string]: Json }

export const isMap = (value: Json | undefined): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
