/** How deep JSON may be that came from outside. */
import { MAX_DATA_DEPTH } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'

export const isTooDeep = (value: Json): boolean => goesDeeper(value, MAX_DATA_DEPTH)

function goesDeeper(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some(each => goesDeeper(each as Json, levels - 1))
}
