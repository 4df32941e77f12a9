/** JSON objects of somebody else’s: what they have is to be looked at before it is used. */
import type { Json } from '../../model/row.ts'

export type JsonMap = { readonly [name: string]: Json }

export const isMap = (value: Json | undefined): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
