/** Sources that misbehave: now and then one yields, throws or changes what it may not. */
import type { SourceRecord } from '../../src/sdk/spec.ts'
import { HOSTILE_CHUNKS, HOSTILE_RECORDS } from '../support/hostile-sources.ts'
import type { Random } from './random.ts'

type Chunk = readonly SourceRecord[]

/** How often a chunk isn't what it should be. */
const OFTEN = 0.15

export function meddlingBy(random: Random): (chunk: Chunk) => Chunk {
  let last: SourceRecord[] | null = null
  return chunk => {
    spoil(last)
    last = null
    if (random.chance(OFTEN)) return misbehave(chunk, random)
    if (random.chance(OFTEN)) {
      // What was yielded is the engine's; whatever becomes of this changes nothing.
      last = chunk.map(record => (record.kind === 'row' ? { ...record, row: { ...record.row } } : { ...record }))
      return last
    }
    return chunk
  }
}

function misbehave(chunk: Chunk, random: Random): Chunk {
  const kind = random.below(10)
  if (kind === 0) throw random.pick([new TypeError('hostile'), null, 'hostile', undefined])
  if (kind < 3) return random.pick(HOSTILE_CHUNKS)[1](chunk) as Chunk
  const [, way] = random.pick(HOSTILE_RECORDS)
  const at = random.below(chunk.length)
  return chunk.map((record, i) => (i === at ? way(record) : record)) as Chunk
}

function spoil(records: SourceRecord[] | null): void {
  for (const record of records ?? []) Object.assign(record, { line: 0, position: 0, code: '?' })
  for (const record of records ?? []) if (record.kind === 'row') Object.assign(record.row, { n: -1, id: 0 })
  records?.splice(0)
}
