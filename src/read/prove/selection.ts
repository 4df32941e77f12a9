/** Which values a proof of a row shows: pure. */
import { CustodyError } from '../../model/error.ts'
import type { Json } from '../../model/row.ts'
import type { Course } from '../fold/course.ts'
import type { SubjectValues } from '../values.ts'
import type { Ways } from '../verify/ways.ts'
import { repeatedFields } from './repeats.ts'
import { sharedValues } from './shared-values.ts'

export interface ProveOptions {
  /** Numbers of values of the row that aren't shown. */
  readonly withhold: readonly number[]
  /** Whether values are shown in which other rows have a part. */
  readonly include_shared: boolean
  /** Whether values are shown that repeat what is withheld. */
  readonly only_exact: boolean
}

/** A row or a batch, with its values. */
export interface Candidate {
  readonly subject: { readonly kind: 'row' | 'batch' }
  readonly course: Course
  readonly values: SubjectValues
}

/** What becomes of one subject's values, by their numbers; those that are erased are in none of these. */
export interface Selection {
  readonly shown: ReadonlySet<number>
  /** As it was asked for. */
  readonly withheld: readonly number[]
  /** Because they repeat fields of those. */
  readonly repeating: ReadonlyArray<{ readonly value: number; readonly fields: readonly string[] }>
  /** Because other rows have a part in them. */
  readonly shared: readonly number[]
}

/** Of the row that the proof is of, and of the others in it. */
export interface Selections {
  readonly row: Selection
  readonly others: readonly Selection[]
}

/** @throws CustodyError CUSTODY_PROOF_VALUE */
export function select(row: Candidate, others: readonly Candidate[], ways: Ways, options: ProveOptions): Selections {
  const secrets: Json[] = []
  for (const number of options.withhold) {
    if (number > row.values.count)
      throw new CustodyError('CUSTODY_PROOF_VALUE', `the row has no value ${number}: it has ${row.values.count}`)
    if (!row.values.isMissing(number)) secrets.push(row.values.get(number))
  }
  const asked = new Set(options.withhold)
  const rule = { ways, secrets: options.only_exact ? [] : secrets, include_shared: options.include_shared }
  return {
    row: selected(row, asked, rule),
    others: others.map(each => selected(each, new Set(), rule)),
  }
}

interface Rule {
  readonly ways: Ways
  readonly secrets: readonly Json[]
  readonly include_shared: boolean
}

function selected({ subject, course, values }: Candidate, asked: ReadonlySet<number>, rule: Rule): Selection {
  const shared = rule.include_shared || subject.kind === 'batch' ? new Set<number>() : sharedValues(course, rule.ways)
  const shown = new Set<number>()
  const repeating: Array<Selection['repeating'][number]> = []
  const left_out: number[] = []
  for (let value = 1; value <= values.count; value++) {
    if (values.isMissing(value) || asked.has(value)) continue
    if (shared.has(value) || (subject.kind === 'batch' && !rule.include_shared)) {
      left_out.push(value)
      continue
    }
    const fields = new Set(rule.secrets.flatMap(secret => repeatedFields(secret, values.get(value))))
    if (fields.size === 0) shown.add(value)
    else repeating.push({ value, fields: [...fields] })
  }
  return { shown, repeating, shared: left_out, withheld: [...asked].toSorted((a, b) => a - b) }
}
