/** JSON objects from outside: what they hold is checked before it is used. */
import type { Json } from '../../model/row.ts'

export type JsonMap = { readonly [name: string]: Json }

export const isMap = (value: Json | undefined): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
