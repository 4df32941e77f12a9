/** How deep JSON may be to stand inside of what is recorded, which is limited in its depth itself. */
import { MAX_DEPTH } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'

/** Levels that evidence, and rows, may put around a value. */
const AROUND = 16

export const isTooDeep = (value: Json): boolean => goesDeeper(value, MAX_DEPTH - AROUND)

function goesDeeper(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some(each => goesDeeper(each as Json, levels - 1))
}
