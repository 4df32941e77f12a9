/** Across subjects: what is kept of their entries, and checks them. */
import type { IntentFact } from '../../format/entry.ts'
import type { Batches } from './batches.ts'
import type { Check } from './check.ts'
import type { Joins } from './joins.ts'
import type { LineCheck } from './line.ts'
import type { Numbering } from './numbering.ts'
import type { Recount } from './recount.ts'
import type { Answered } from './sending.ts'
import type { Sorts } from './sorts.ts'
import type { Ways } from './ways.ts'

type Adds = Pick<Numbering, 'add'>

/** What a subject's entries are told to, and checked against. */
export interface Witness {
  readonly ways: Ways
  readonly tokens: Check
  readonly groups: Check
  readonly recount: Recount
  readonly batches: Pick<Batches, 'open' | 'hold' | 'release' | 'end' | 'abandon' | 'close'> & {
    readonly joins: Pick<Joins, 'hold' | 'release' | 'end' | 'abandon' | 'close'>
  }
  readonly sorts: Pick<Sorts, 'hold' | 'release'>
  readonly line: Pick<LineCheck, 'born' | 'visited' | 'ended' | 'forked'>
  /** Tokens and groups that came into being since the last commit. */
  readonly born: Adds
  readonly opened: Adds
  readonly called: Adds
  /** Since the last commit: what is about to be sent together, and how it ended. */
  readonly announced: IntentFact[]
  readonly answered: Answered[]
}
