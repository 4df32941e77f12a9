/** What outcomes, causes and codes of errors mean, from the tables that define them. */
import { ERRORS } from '../../model/error-codes.ts'
import { FATES } from '../../model/outcome.ts'
import type { Asked } from './asked.ts'

/** With a name: what has it. */
export function docsAnswer({ topic, name }: Asked['docs']['params']): Asked['docs']['answer'] {
  const wanted = name?.toUpperCase()
  const outcomes = FATES.filter(
    ({ outcome, cause }) => wanted === undefined || outcome === wanted || cause.toUpperCase() === wanted,
  ).map(({ outcome, cause, class: of_class, words, sink, group, error }) => ({
    ...{ outcome, cause, class: of_class, words },
    ...{ sink, group, error },
  }))
  const errors = Object.entries(ERRORS)
    .filter(([code]) => wanted === undefined || code === wanted || code === `CUSTODY_${wanted}`)
    .map(([code, { summary, hint }]) => ({ code, summary, hint }))
  return { outcomes: topic === 'errors' ? [] : outcomes, errors: topic === 'outcomes' ? [] : errors }
}
