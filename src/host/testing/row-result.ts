/** How a row of a case ended, as far as a case can expect it. */
import type { Story, TokenStory, VisitStory } from '../../read/explain/story.ts'

export interface TokenResult {
  readonly outcome: string | null
  readonly cause: string | null
  readonly sink: string | null
  /** Code of the error with which it ended. */
  readonly error: string | null
  /** Names of nodes, from the source to where it ended. */
  readonly path: readonly string[]
}

export interface ErrorResult {
  /** Both undefined for what an aggregate made of several rows. */
  readonly row?: number
  readonly source?: string
  readonly node: string
  readonly code: string
  readonly message: string
}

export interface RowResult {
  readonly source: string
  /** Number of the record in its source, from 1. */
  readonly row: number
  /** In order of birth. */
  readonly tokens: readonly TokenResult[]
  /** Those that its tokens met; of several attempts at a node only the last counts. */
  readonly errors: readonly ErrorResult[]
}

/** `story`: of a row. */
export function resultOf({ subject, tokens }: Story): RowResult {
  if (subject.kind !== 'row') throw new TypeError('a batch is no row')
  const { source, index: row } = subject
  const paths = new Map<number, readonly string[]>()
  const results: TokenResult[] = []
  const errors: ErrorResult[] = []
  for (const token of tokens) {
    const last = lastVisits(token)
    const path = [...(paths.get(token.parents[0] ?? 0) ?? []), ...last.map(({ node }) => node)]
    paths.set(token.token, path)
    const { ending } = token
    const { outcome = null, cause = null, sink = null } = ending ?? {}
    results.push({ outcome, cause, sink, error: ending?.error?.code ?? null, path })
    errors.push(...errorsIn(last).map(each => ({ row, source, ...each })))
  }
  return { source, row, tokens: results, errors }
}

/** Errors that tokens met which aggregates made of this row and others, by number of the batch. */
export function errorsBehind({ onward }: Story): ReadonlyMap<number, readonly ErrorResult[]> {
  const found = new Map<number, readonly ErrorResult[]>()
  for (const story of onward) {
    if (story.subject.kind !== 'batch') continue
    found.set(
      story.subject.batch,
      story.tokens.flatMap(token => errorsIn(lastVisits(token))),
    )
    for (const [batch, errors] of errorsBehind(story)) found.set(batch, errors)
  }
  return found
}

function errorsIn(visits: readonly VisitStory[]): readonly ErrorResult[] {
  return visits.flatMap(({ node, error }) => {
    if (error === null) return []
    const message = error.message.kind === 'known' ? error.message.value : ''
    return [{ node, code: error.code, message }]
  })
}

function lastVisits({ visits }: TokenStory): readonly VisitStory[] {
  return [...new Map(visits.map(visit => [visit.node, visit])).values()]
}
