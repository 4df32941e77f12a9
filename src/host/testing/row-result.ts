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
  readonly row: number
  readonly source: string
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
    for (const { node, error } of last) {
      if (error === null) continue
      const message = error.message.kind === 'known' ? error.message.value : ''
      errors.push({ row, source, node, code: error.code, message })
    }
  }
  return { source, row, tokens: results, errors }
}

function lastVisits({ visits }: TokenStory): readonly VisitStory[] {
  return [...new Map(visits.map(visit => [visit.node, visit])).values()]
}
