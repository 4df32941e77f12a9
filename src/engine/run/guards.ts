/**
 * Judges whether what a run makes may be published (I14). A guard that breaks stops the run before anything is replaced or
 * made; what has happened up to then is kept, and `resume` judges anew.
 */
import { CustodyError } from '../../model/error.ts'
import { grouped } from '../../model/number-text.ts'
import type { Plan } from '../../plan/plan.ts'
import type { SourceReader } from '../nodes/source/source-reader.ts'
import type { Totals } from '../record/totals.ts'
import {
  type Broken,
  brokenAfterAll,
  brokenAtEnd,
  brokenByFirst,
  brokenByNothing,
  mindsEmpty,
  type SourceCounts,
} from './guard-verdict.ts'

/** Records of each source, by name, in the pipeline's last run that was published. */
export type RecordsBefore = () => Promise<ReadonlyMap<string, number>>

/** What is known of a source at the end. */
export type Judged = Pick<SourceReader, 'node' | 'records' | 'isBlank'>

/** What broke, for `resume` to set. */
export class GuardError extends CustodyError {
  readonly sets: readonly string[]

  constructor(broken: readonly [Broken, ...Broken[]]) {
    const [{ source }] = broken
    const sets = [...new Set(broken.map(({ set }) => set))]
    super('CUSTODY_GUARD', broken.map(({ message }) => message).join('; '), {
      ...(source === null ? {} : { where: { node: source } }),
      hint: `Nothing was published. Look at the input; \`resume\` with ${sets.map(set => `--set ${set}`).join(' ')} publishes all the same, \`abandon\` drops what is staged.`,
    })
    this.sets = sets
  }
}

interface GuardParts {
  readonly strict: boolean
  readonly repeats: boolean
  /** Number of the split; null of a run without, and of one as a whole. */
  readonly part: number | null
  /** How many records are read at most. */
  readonly limit: number
}

export class Guards {
  readonly #plan: Plan
  readonly #totals: Totals
  readonly #strict: boolean
  /** A run that repeats rows of another replaces nothing, and many of its rows may well fail again. */
  readonly #repeats: boolean
  /** Of what a split has read only its first records are looked at: all else is judged of the run as a whole. */
  readonly #is_split: boolean
  readonly #limit: number
  /** Those of its first records that can be used may all have been dealt to other splits. */
  readonly #has_unreadable: boolean

  constructor(plan: Plan, totals: Totals, { strict, repeats, part, limit }: GuardParts) {
    this.#limit = limit
    this.#is_split = part !== null
    // Where records are dealt split 1 has all whose key can't be known.
    this.#has_unreadable = part === 1 && plan.splits?.by !== undefined
    this.#plan = plan
    this.#totals = totals
    this.#strict = strict
    this.#repeats = repeats
  }

  /** A record was rejected, or a source is resumed. @throws CustodyError CUSTODY_GUARD. */
  look(reader: SourceReader): void {
    if (this.#repeats || this.#has_unreadable) return
    const broken = brokenByFirst(this.#plan.guards, this.#counts(reader), this.#is_split)
    if (broken !== null) throw new GuardError([broken])
  }

  /** A source has ended. @throws CustodyError CUSTODY_GUARD. */
  sourceEnded(reader: SourceReader): void {
    if (!this.#repeats && !this.#is_split) refuse(brokenAtEnd(this.#plan.guards, this.#counts(reader)))
  }

  /** All has ended, and nothing is published yet. @throws CustodyError CUSTODY_GUARD, CUSTODY_STRICT. */
  async judge(readers: readonly Judged[], before: RecordsBefore): Promise<void> {
    if (this.#is_split) return
    const { guards } = this.#plan
    const counts = readers.map(reader => this.#counts(reader))
    if (!this.#repeats)
      refuse([
        ...counts.flatMap(each => brokenAtEnd(guards, each)),
        ...brokenAfterAll(guards, counts),
        ...(await this.#empty(readers, before)),
      ])
    const { failing, read } = this.#totals
    if (!this.#strict || failing === 0) return
    const rows = counts.reduce((sum, { failed }) => sum + failed, 0)
    const which = `${grouped(rows)} of ${grouped(read)} ${read === 1 ? 'row' : 'rows'}`
    // What was born of a batch belongs to no row.
    const message = `${rows === 0 ? 'some of what was made of rows' : which} ended in failure, and the run is --strict`
    const hint =
      'Nothing was published. `resume` without --strict publishes all the same, `abandon` drops what is staged.'
    throw new CustodyError('CUSTODY_STRICT', message, { hint })
  }

  async #empty(readers: readonly Judged[], before: RecordsBefore): Promise<Broken[]> {
    // What was to be read has been: of sources that come later nothing is known.
    if (this.#totals.read >= this.#limit) return []
    // A source may call what isn't there a broken record.
    const empty = readers.filter(reader => {
      const { records, rejected } = this.#counts(reader)
      return reader.isBlank && records === rejected && mindsEmpty(this.#plan.guards, reader.node.guards)
    })
    if (empty.length === 0) return []
    const records = await before()
    return empty.flatMap(({ node: { name } }) => {
      const had = records.get(name) ?? 0
      return had > 0 ? [brokenByNothing(name, had)] : []
    })
  }

  #counts({ node, records }: Judged): SourceCounts {
    const { rejected, failed } = this.#totals.failuresOf(node.number)
    return { source: node.name, guards: node.guards, records, rejected, failed }
  }
}

function refuse(broken: readonly Broken[]): void {
  const [first, ...others] = broken
  if (first !== undefined) throw new GuardError([first, ...others])
}
