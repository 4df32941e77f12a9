/**
 * The hashes of what splits have read, against those of what the input was cut to, or of the spools that they were dealt; and of a source that
 * was dealt, how far its coordinator says that it was read. They are values: where they are erased, or can't be read, nothing is said.
 */
import type { CursorFact } from '../../format/entry.ts'
import { canonicalize } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'
import type { Check } from './check.ts'
import type { RunFacts } from './run-facts.ts'
import { formed } from './run-values.ts'

/** Of one log. */
export interface HashesOnRecord {
  /** As its last commit has them, by source. */
  readonly read: ReadonlyMap<number, Read>
  /** Of a coordinator. */
  readonly cuts: readonly CutOnRecord[]
}

interface Read extends Pick<CursorFact, 'records' | 'bytes' | 'done'> {
  /** Each null if it isn't there. */
  readonly sha256: string | null
  readonly position: Json
}

interface CutOnRecord {
  readonly source: number
  readonly ranges: ReadonlyArray<{
    readonly part: number
    readonly records: number
    readonly bytes: number
    readonly sha256: string | null
  }>
  /** Where it was dealt; null if that isn't there. */
  readonly input: { readonly position: Json; readonly sha256: string | null } | null
}

export function hashesOnRecord({ cursors, cuts, unread, run_values }: RunFacts): HashesOnRecord {
  const read = new Map<number, Read>()
  for (const { source, records, bytes, done, hash, position } of cursors) {
    // A run that is given up may have begun to read what was something else by then.
    if (unread.has(source)) continue
    const at = position === undefined ? null : run_values.get(position)
    const sha256 = formed(run_values, hash, 'hash')
    read.set(source, { records, done, sha256, position: at, ...(bytes === undefined ? {} : { bytes }) })
  }
  return {
    read,
    cuts: cuts.map(({ source, ranges, hashes, input }) => {
      const contents = formed(run_values, hashes, 'hashes')
      return {
        source,
        ranges: ranges.map(({ part, records, bytes }, i) => ({
          ...{ part, records, bytes },
          sha256: contents?.[i]?.sha256 ?? null,
        })),
        input: formed(run_values, input, 'input'),
      }
    }),
  }
}

/** `splits`: by part. */
export function compareHashes(
  coordinator: HashesOnRecord,
  splits: ReadonlyMap<number, HashesOnRecord>,
  check: Check,
): void {
  for (const { source, ranges, input } of coordinator.cuts) {
    for (const { part, records, bytes, sha256 } of ranges) {
      const read = splits.get(part)?.read.get(source)
      if (sha256 === null || read === undefined || read.sha256 === null || read.sha256 === sha256) continue
      // Of what wasn't read to its end nobody has a hash to compare it with.
      if (read.done && read.records === records && (read.bytes ?? bytes) === bytes)
        check.add(`split ${part} has read other bytes of node ${source} than those that it was to read`)
    }
    const whole = coordinator.read.get(source)
    if (input === null || whole === undefined) continue
    const other_hash = whole.sha256 !== null && input.sha256 !== null && whole.sha256 !== input.sha256
    const other_place = whole.position !== null && canonicalize(whole.position) !== canonicalize(input.position)
    if (other_hash || other_place)
      check.add(`node ${source} was dealt as it was read, and the coordinator says that it was read otherwise`)
  }
}
