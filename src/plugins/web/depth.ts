/** How deep JSON may be that came from outside. */
import { isDeeper, MAX_DATA_DEPTH } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'

export const isTooDeep = (value: Json): boolean => isDeeper(value, MAX_DATA_DEPTH)
