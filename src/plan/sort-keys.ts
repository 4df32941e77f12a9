/** By what a sort puts rows in order: its keys, and which of their fields hold numbers as texts. */
import type { SortConfig } from '../config/pipeline.ts'
import type { SortKey } from '../format/topology.ts'
import { exactType, type RowSchema } from '../model/schema.ts'

export function sortKeysOf({ keys }: SortConfig, input: RowSchema | undefined): readonly SortKey[] {
  return keys.map(key => {
    const known = input?.fields.get(key.field)
    return known === undefined || exactType(known.schema) === null ? key : { ...key, as: 'number' as const }
  })
}
