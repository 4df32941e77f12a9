/**
 * Which entries have their values in a chunk, and how many each: `[[first, last, values], …]` as canonical text, of runs of entries that
 * follow each other and have equally many. It stands in plain, and is bound to what is encrypted.
 */
import { parseJson } from '../../model/json.ts'
export type Extent = readonly [first: number, last: number, values: number]

/** No chunk of ours has more; a list that says so would fill the memory. */
const MOST_ENTRIES = 65_536
const MOST_VALUES = 10_000_000

export interface ExtentEntry {
  readonly seq: number
  readonly values: number
}

/** In order of their seq. */
export function extentsText(entries: readonly ExtentEntry[]): string {
  const extents: [number, number, number][] = []
  for (const { seq, values } of entries) {
    const last = extents.at(-1)
    if (last !== undefined && last[1] === seq - 1 && last[2] === values) last[1] = seq
    else extents.push([seq, seq, values])
  }
  return JSON.stringify(extents)
}

/** null if the text isn't one that `extentsText` makes. */
export function readExtents(text: string): readonly ExtentEntry[] | null {
  const entries: ExtentEntry[] = []
  let values_in_all = 0
  for (const extent of extentsIn(text)) {
    if (!isExtent(extent)) return null
    const [first, last, values] = extent
    if (first <= (entries.at(-1)?.seq ?? -1) || entries.length + last - first >= MOST_ENTRIES) return null
    values_in_all += (last - first + 1) * values
    if (values_in_all > MOST_VALUES) return null
    for (let seq = first; seq <= last; seq++) entries.push({ seq, values })
  }
  return entries.length > 0 && extentsText(entries) === text ? entries : null
}

function extentsIn(text: string): readonly unknown[] {
  try {
    const list: unknown = parseJson(text)
    return Array.isArray(list) ? list : []
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}

function isExtent(value: unknown): value is Extent {
  if (!Array.isArray(value) || value.length !== 3 || !value.every(Number.isSafeInteger)) return false
  const [first, last, values]: readonly number[] = value
  return first !== undefined && last !== undefined && values !== undefined && first >= 0 && last >= first && values > 0
}
