/**
 * Finds equal stories without telling them. Two rows with the same gist went the same way, with the same values, to the same
 * end; rows whose gists differ may still have, and are compared step by step.
 *
 * A gist leaves out what differs between any two runs: times, salts, commitments, where commits stood. Tokens and groups
 * count from the row's own first, nodes and edges go by their names.
 */
import { CALL_ERROR, CALL_OK, CALL_RECORDED, CALL_RECORDED_ERROR } from '../../format/entry.ts'
import type { Topology } from '../../format/topology.ts'
import type { FullEntry, StoredPayload } from '../../ledger/read-port.ts'

/** Numbers that stand for names, the same in both runs. */
export interface Numbering {
  readonly node: readonly number[]
  readonly edge: readonly number[]
}

/** Numbers nodes and edges of several topologies alike: the same number, the same kind, name and (of edges) ends. */
export function numberings(topologies: readonly Topology[]): Numbering[] {
  const known = new Map<string, number>()
  const number = (words: readonly string[]) => {
    const key = words.join('\n')
    const found = known.get(key) ?? known.size + 1
    known.set(key, found)
    return found
  }
  return topologies.map(({ nodes, edges }) => {
    const name = (at: number) => nodes[at - 1]?.name ?? ''
    return {
      node: [0, ...nodes.map(each => number(['node', each.kind, each.name]))],
      edge: [0, ...edges.map(([from, label, to]) => number(['edge', name(from), label, name(to)]))],
    }
  })
}

type Fact = number[]
type Facts = { readonly [key: string]: unknown } & Partial<Record<'n' | 'v' | 'g' | 'd' | 'e' | 'x', readonly Fact[]>>

/** null if no gist can be made: values are erased, or an entry isn't what it should be. */
export function gistOf(entries: readonly FullEntry[], names: Numbering): string | null {
  const gist = new Gist(names)
  let values = ''
  for (const { body, payload } of entries) {
    const facts = parsed(body)
    if (facts === null || (facts.c !== undefined) !== (payload !== null)) return null
    if (payload !== null && hasErased(payload)) return null
    gist.add(facts)
    // Elements of the list follow one another, whatever entries they came in.
    if (payload !== null) values += `,${payload.body.slice(1, -1)}`
  }
  return `${JSON.stringify(gist)}${values}`
}

/** Whether a value is erased: it stands in the list as none. */
function hasErased({ body }: StoredPayload): boolean {
  return body.includes('null') && (JSON.parse(body) as readonly unknown[]).includes(null)
}

function parsed(body: string): Facts | null {
  try {
    return JSON.parse(body) as Facts
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** Facts may be of any form: what is read of them is compared, and nothing else is done with it. */
class Gist {
  readonly births: unknown[] = []
  readonly visits: unknown[] = []
  readonly groups: unknown[] = []
  readonly closed: unknown[] = []
  readonly endings: unknown[] = []
  readonly calls: unknown[] = []
  readonly #names: Numbering
  #first_token = 0
  #first_group = 0

  constructor(names: Numbering) {
    this.#names = names
  }

  add({ n = [], v = [], g = [], d = [], e = [], x = [] }: Facts): void {
    const { node, edge } = this.#names
    if (this.#first_token === 0) this.#first_token = n[0]?.[0] ?? 0
    if (this.#first_group === 0) this.#first_group = g[0]?.[0] ?? 0
    const [token, group] = [this.#first_token, this.#first_group]
    for (const [born = 0, of = 0, ordinal, value, ...parents] of n)
      this.births.push([born - token, of === 0 ? 0 : of - group, ordinal, value, ...parents.map(each => each - token)])
    for (const f of v) this.visits.push([f[0]! - token, node[f[1]!], f[2], f[3], f[4], f[5], edge[f[6]!], f[9], f[10]])
    for (const f of g) this.groups.push([f[0]! - group, f[1], node[f[2]!], f[3]])
    for (const [of = 0, verdict, detail, ...members] of d)
      this.closed.push([of - group, verdict, detail, ...members.map(each => each - token)])
    // Which batch or merge it was isn't the row's to tell.
    for (const f of e) this.endings.push([f[0]! - token, f[1], node[f[2]!], node[f[3]!], f[5], f[6]])
    for (const f of x)
      this.calls.push([f[1]! - token, node[f[2]!], f[3], f[4], f[5], AS_MADE[f[6]!] ?? f[6], f[7], f[8]])
  }
}

/** An answer from the record counts as one that was given. */
const AS_MADE: { readonly [status: number]: number } = {
  [CALL_RECORDED]: CALL_OK,
  [CALL_RECORDED_ERROR]: CALL_ERROR,
}
