/** What went wrong in a run, by node and code: errors that ended tokens, and those after which tokens went another way. */
import { isError } from '../../format/entry.ts'
import type { Topology } from '../../format/topology.ts'
import { fateOf } from '../../model/outcome.ts'
import { decodeSubjectEntry, isSubjectBody } from '../../read/decode.ts'
import type { RunReader } from '../../read/evidence/run-reader.ts'
import { UnsoundRecord } from '../../read/evidence/unsound.ts'
import { explainToken } from '../../read/explain/explain.ts'
import { readable } from '../../read/runs/damaged.ts'
import { type Closing, closingOf, failedRows, openingOf } from '../../read/runs/run-log.ts'
import { checkedRun, UNOBSERVED } from '../checked-run.ts'
import type { Moment } from './moment.ts'

interface Met {
  readonly node: number
  readonly code: string
  count: number
  /** The first. */
  readonly row: number | null
  readonly token: number
}

interface Example {
  readonly row: number | null
  readonly token: number
  /** null: erased, or values aren't to be seen. */
  readonly message: string | null
}

/** So many groups, the biggest ones, have the message of their example: each takes a story. */
const MOST_MESSAGES = 100

export async function errorsAnswer({ reader: inner, env }: Moment, name: string, values: boolean) {
  const { reader, log, run } = await checkedRun(env, inner, name, UNOBSERVED)
  const { topology } = await openingOf(reader, log)
  const closing = await closingOf(reader, log)
  const groups = new Map<string, Met>()
  await addEndings(groups, reader, log, closing)
  await addDetours(groups, reader, log, topology, closing)
  const all = [...groups.values()].sort((a, b) => b.count - a.count || a.node - b.node || (a.code < b.code ? -1 : 1))
  const errors = []
  for (const [i, { node, code, count, row, token }] of all.entries()) {
    const at = topology.nodes[node - 1]?.name ?? '?'
    const message = values && i < MOST_MESSAGES ? await messageOf(reader, log, token, at, code) : null
    const example: Example = { row, token, message }
    errors.push({ node: at, code, count, example })
  }
  return { run, errors, failed_rows: failedRows(closing), holds: true as const }
}

function add(groups: Map<string, Met>, { node, code, row, token }: Omit<Met, 'count'>): void {
  const key = `${node} ${code}`
  const known = groups.get(key)
  if (known === undefined) groups.set(key, { node, code, row, token, count: 1 })
  else known.count++
}

/** @throws UnsoundRecord if the table has fewer than the last commit counted, or more. */
async function addEndings(groups: Map<string, Met>, reader: RunReader, log: number, { totals }: Closing) {
  const due = totals.endings.reduce((sum, [fate, , of]) => sum + (fateOf(fate)?.error === 'required' ? of : 0), 0)
  if (due === 0 && !totals.endings.some(([fate]) => fateOf(fate)?.class === 'failure')) return
  let found = 0
  for await (const { node, error_code, row, token } of reader.failedEndings(log)) {
    if (error_code === null) continue
    found++
    add(groups, { node, code: error_code, row, token })
  }
  if (found !== due) throw new UnsoundRecord([`the table has ${found} endings with an error, and ${due} were counted`])
}

/** Entries are looked through only if tokens went on after an error. */
async function addDetours(
  groups: Map<string, Met>,
  reader: RunReader,
  log: number,
  { nodes, edges }: Topology,
  { totals }: Closing,
) {
  const detours = new Set<number>()
  for (const [edge, count] of totals.edges) {
    const [, label, to] = edges[edge - 1] ?? []
    if (count > 0 && label === 'on_error' && to !== undefined && nodes[to - 1] !== undefined)
      if (nodes[to - 1]?.kind !== 'sink') detours.add(edge)
  }
  if (detours.size === 0) return
  for await (const { seq, row, body } of reader.entries(log)) {
    if (!isSubjectBody(row, body) || !mayHaveError(body)) continue
    for (const { token, node, status, error, edge } of readable(log, () => decodeSubjectEntry(seq, body)).visits)
      if (isError(status) && error !== null && detours.has(edge)) add(groups, { node, code: error.code, row, token })
  }
}

/** Codes of errors are the only texts among visits, and have no brackets. */
function mayHaveError(body: string): boolean {
  const from = body.indexOf('"v":[')
  if (from === -1) return false
  const end = body.indexOf(']]', from)
  return body.slice(from + '"v":['.length, end).includes('"')
}

/** Of the error by which a token ended, or that it met at the node. */
async function messageOf(
  reader: RunReader,
  log: number,
  token: number,
  node: string,
  code: string,
): Promise<string | null> {
  const { tokens } = await explainToken(reader, log, token)
  const own = tokens.find(each => each.token === token)
  const met = own?.visits.filter(each => each.node === node).map(each => each.error) ?? []
  const error = [own?.ending?.error, ...met.reverse()].find(each => each?.code === code)
  return error?.message.kind === 'known' ? error.message.value : null
}
