/**
 * `verify --decisions`: which split a row was dealt to. Rows are in the split that follows from the value of the field by which they were
 * dealt, as it was ingested. Of a record that was rejected that value isn't on record.
 */
import { isError, type SubjectEntry } from '../../format/entry.ts'
import { canonicalize } from '../../model/canonical.ts'
import { isRow } from '../../model/row.ts'
import { sha256Hex } from '../../model/sha256.ts'
import type { SubjectValues } from '../values.ts'
import type { Verdicts } from './batch-keys.ts'
import type { Place } from './check.ts'
import type { LogRole } from './log-role.ts'

export class DealKeys {
  readonly #verdicts: Verdicts
  readonly #role: Pick<LogRole, 'part' | 'dealt'>

  /** `role`: of the log that is looked at. */
  constructor(verdicts: Verdicts, role: Pick<LogRole, 'part' | 'dealt'>) {
    this.#verdicts = verdicts
    this.#role = role
  }

  /** An entry whose values are known. */
  take({ origin, visits }: Pick<SubjectEntry, 'origin' | 'visits'>, values: SubjectValues, where: Place): void {
    const { part, dealt } = this.#role
    const of = origin === null ? undefined : dealt.get(origin.source)
    const [read] = visits
    if (of === undefined || read === undefined || isError(read.status)) return
    const row = values.get(1)
    if (values.isMissing(1)) return this.#verdicts.leaveOut()
    const own = isRow(row) ? splitOf(row[of.by] ?? null, of.splits) : 0
    this.#verdicts.compare(
      own === part ? null : `is in split ${part}, and its \`${of.by}\` is dealt to ${own}`,
      `${where}`,
    )
  }
}

/** The SHA-256 of a value's canonical text, as a number, modulo the number of splits; from 1. */
function splitOf(value: Parameters<typeof canonicalize>[0], splits: number): number {
  return Number(BigInt(`0x${sha256Hex(canonicalize(value))}`) % BigInt(splits)) + 1
}
