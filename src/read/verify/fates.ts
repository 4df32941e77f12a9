/**
 * Whether a token may end as its ending says: by the table of fates (model/outcome.ts), and by how it came to where it
 * stands. Recomputed from visits and topology, without the engine's code.
 */
import { type EndingFact, VISIT_ERROR, VISIT_OK } from '../../format/entry.ts'
import { DISCARD } from '../../format/topology.ts'
import { type Fate, fateNumber, fateOf } from '../../model/outcome.ts'
import { sends } from './sending.ts'
import type { ErrorRef, TokenState } from './token.ts'
import type { Ways } from './ways.ts'

const COALESCE_CAUSES: ReadonlySet<string> = new Set([
  'late_arrival',
  'branch_lost',
  'quorum_not_met',
  'timeout',
  'merge_conflict',
  'select_missing',
])
export const ABANDONED = fateNumber('FAILED', 'abandoned')

export function isCoalesceCause(cause: string): boolean {
  return COALESCE_CAUSES.has(cause)
}

/** `ROUTED / gate`, or the number of a fate that isn't there. */
export function fateName(number: number): string {
  const fate = fateOf(number)
  return fate === undefined ? `fate ${number}` : `${fate.outcome} / ${fate.cause}`
}

/** What is wrong with an ending, or nothing. `values` is how many values the subject has. */
export function* endingProblems(ending: EndingFact, token: TokenState, ways: Ways, values: number): Iterable<string> {
  const fate = fateOf(ending.fate)
  if (fate === undefined) {
    yield `it ends with fate ${ending.fate}, which the format doesn't have`
    return
  }
  yield* presenceProblems(ending, fate)
  if (ways.kind(ending.node) === undefined) yield `it ends at node ${ending.node}, which isn't there`
  if (ending.sink !== 0 && ways.kind(ending.sink) !== 'sink')
    yield `it ends in ${ways.name(ending.sink)}, which isn't a sink`
  if (ending.error !== null && ending.error.value > values) {
    yield `value ${ending.error.value} is the error of its ending, and there are ${values}`
  }
  const written = writtenTo(token, ways)
  if (written !== ending.sink) {
    yield written === 0
      ? `it ends in sink ${ways.name(ending.sink)}, which hasn't written it`
      : `sink ${ways.name(written)} has written it, and its ending ${fateName(ending.fate)} doesn't say so`
  }
  const problem = wayProblem(ending, fate, token, ways)
  if (problem !== null) yield `it ends as ${fateName(ending.fate)}, and ${problem}`
}

/** The sink whose visit was its last and went well; 0 for none. */
function writtenTo(token: TokenState, ways: Ways): number {
  const { last } = token
  return last !== null && last.status === VISIT_OK && ways.kind(last.node) === 'sink' ? last.node : 0
}

function* presenceProblems(ending: EndingFact, fate: Fate): Iterable<string> {
  const facts = [
    ['sink', fate.sink, ending.sink !== 0],
    ['group', fate.group, ending.group !== 0],
    ['error', fate.error, ending.error !== null],
  ] as const
  for (const [name, presence, there] of facts) {
    if (presence === 'required' && !there) yield `its ending ${fateName(fate.number)} has no ${name}`
    if (presence === 'forbidden' && there) yield `its ending ${fateName(fate.number)} has a ${name}`
  }
}

/** Why the way that the token took doesn't lead to this ending, or null. */
function wayProblem(ending: EndingFact, fate: Fate, token: TokenState, ways: Ways): string | null {
  const { outcome, cause } = fate
  if (fate.number === ABANDONED) {
    if (token.sending.in_doubt) return `it may have been taken at ${ways.name(token.node)}`
    return ending.node === token.node ? null : `it stood at ${ways.name(token.node)}`
  }
  if (cause === 'replay_miss') return afterErrorHere(ending, token, ways)
  // Where `on_error` leads somewhere, members of groups that failed end there.
  if (isCoalesceCause(cause) && ways.errorEdge(ending.node) === 0) return afterErrorHere(ending, token, ways)
  if (cause === 'in_doubt') return inDoubtProblem(ending, token, ways)
  if (fate.class === 'passed on') return passedOn(ending, cause, token, ways)
  if (outcome === 'DISCARDED' && cause === 'filter' && filteredHere(ending, token, ways)) return null
  // All others are decided by the edge that led to the sink or to discard.
  if (ending.sink === 0 && token.node !== DISCARD) return `it stands at ${ways.name(token.node)}`
  const { via } = token
  const from = ways.from(via)
  const decided_at = outcome === 'COMPLETED' ? ending.sink : from
  if (ending.node !== decided_at) return `that was decided at ${ways.name(decided_at)}`
  if (fate.error === 'forbidden') return flowProblem(cause, via, ways)
  return errorProblem(ending, cause, token, ways)
}

/** Endings after an edge without an error: whether that edge left a gate. */
function flowProblem(cause: string, via: number, ways: Ways): string | null {
  if (!ways.isForFlow(via)) return 'it came by an edge for errors'
  const gate = ways.kind(ways.from(via)) === 'gate'
  if (gate === (cause === 'gate')) return null
  return gate ? 'the edge that it came by left a gate' : "the edge that it came by didn't leave a gate"
}

function errorProblem(ending: EndingFact, cause: string, token: TokenState, ways: Ways): string | null {
  const { via, via_error } = token
  if (!ways.isForErrors(via)) return "it didn't come by an edge for errors"
  if (!sameError(ending.error, via_error)) return 'its error is another one than that of the visit before'
  const kind = ways.kind(ways.from(via))
  switch (cause) {
    case 'source_invalid':
      return kind === 'source' ? null : 'the edge that it came by left no source'
    case 'sink_rejected':
      return kind === 'sink' ? null : 'the edge that it came by left no sink'
    case 'batch_failed':
      if (kind !== 'aggregate') return 'the edge that it came by left no aggregate'
      return token.via_group === 0 || token.via_group === ending.group ? null : 'another batch had held it'
    case 'error':
    case 'retries_exhausted':
      // Where batches have keys, too many may be open for a row.
      if (kind === 'aggregate' && ways.per(ways.from(via)) !== undefined && token.via_group === 0)
        return cause === 'error' ? null : 'an aggregate refused it'
      if (kind === 'source' || kind === 'sink' || kind === 'aggregate' || kind === 'coalesce')
        return `the edge that it came by left a ${kind}`
      if (token.via_exhausted === (cause === 'retries_exhausted')) return null
      return token.via_exhausted ? 'its attempts were exhausted' : "its attempts weren't exhausted"
    default:
      // Causes of a coalesce.
      if (kind !== 'coalesce') return 'the edge that it came by left no coalesce'
      if (via_error?.code !== cause.toUpperCase()) return `the error that it met was ${via_error?.code}`
      return token.via_group === 0 || token.via_group === ending.group ? null : 'another group had held it'
  }
}

/** It was its last visit, at the node that the ending names, that met this error. */
function afterErrorHere(ending: EndingFact, { last }: TokenState, ways: Ways): string | null {
  if (last === null || last.status !== VISIT_ERROR || last.edge !== 0) return 'its last visit met no error'
  if (last.node !== ending.node) return `its last visit was at ${ways.name(last.node)}`
  if (isCoalesceCause(fateOf(ending.fate)?.cause ?? '') && ways.kind(last.node) !== 'coalesce') {
    return `${ways.name(last.node)} is no coalesce`
  }
  return sameError(ending.error, last.error) ? null : 'its error is another one than that of its last visit'
}

/** How its last request, or one before, ended isn't known. */
function inDoubtProblem(ending: EndingFact, token: TokenState, ways: Ways): string | null {
  if (!sends(ways, ending.node)) return `${ways.name(ending.node)} sends nothing`
  return token.sending.in_doubt ? afterErrorHere(ending, token, ways) : 'it is known how its requests ended'
}

/** A transform returned nothing, or an aggregate dropped it. */
function filteredHere(ending: EndingFact, { last }: TokenState, ways: Ways): boolean {
  const kind = ways.kind(ending.node)
  return (
    last !== null &&
    last.status === VISIT_OK &&
    last.edge === 0 &&
    last.node === ending.node &&
    (kind === 'transform' || kind === 'aggregate')
  )
}

const PASSED_ON_AT: { readonly [cause: string]: string } = {
  fork: 'fork',
  expand: 'transform',
  merge: 'coalesce',
  batch: 'aggregate',
  join: 'join',
}

function passedOn(ending: EndingFact, cause: string, { last }: TokenState, ways: Ways): string | null {
  if (last === null || last.status !== VISIT_OK) return 'its last visit did not go well'
  if (last.node !== ending.node) return `its last visit was at ${ways.name(last.node)}`
  const kind = ways.kind(last.node)
  return kind === PASSED_ON_AT[cause] ? null : `${ways.name(last.node)} is a ${kind}`
}

function sameError(a: ErrorRef | null, b: ErrorRef | null): boolean {
  return a !== null && b !== null && a.code === b.code && a.value === b.value
}
