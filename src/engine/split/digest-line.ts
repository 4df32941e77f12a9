/**
 * What became of a row or a batch, as a line of the result digest (format/result-digest.ts). Pure.
 *
 * DIGEST-LINE-1. The same facts give the same line, whether they come as drafts or are read back, and in however many entries they stand.
 */
import { GROUP_KINDS, type OriginFact, type SubjectEntry } from '../../format/entry.ts'
import { branchPath, elementPath, FIRST_PATH, mergedPath } from '../../format/lineage.ts'
import type { Topology } from '../../format/topology.ts'
import type { SubjectDraft } from '../../ledger/write-port.ts'
import { canonicalize } from '../../model/canonical.ts'
import { type FateNumber, fateOf } from '../../model/outcome.ts'
import { notOnRecord, onRecord } from '../record/on-record.ts'

/** Of an entry, what a line is made of. */
export type LineFacts = Pick<SubjectEntry, 'births' | 'endings' | 'groups_opened' | 'visits'>

/** Canonical text of a value of the subject. */
export type TextOf = (value: number) => string

type Ending = LineFacts['endings'][number]
type Visit = LineFacts['visits'][number]

/** A fork that a token is inside. */
interface Fork {
  readonly branch: string
  readonly path: string
}

interface Born {
  readonly path: string
  /** The outermost first. */
  readonly forks: readonly Fork[]
  readonly value: number
}

/** Numbers of a fate, a node and a sink make one, which is exact. */
const MOST_NODES = 65_536

export class DigestLines {
  readonly #topology: Topology
  /** By number of the node: its name as JSON. */
  readonly #names: readonly string[]
  /** Of endings without an error: all that stands between path and data, by fate, node and sink. */
  readonly #ends = new Map<number, string>()

  constructor(topology: Topology) {
    this.#topology = topology
    this.#names = ['null', ...topology.nodes.map(({ name }) => canonicalize(name))]
  }

  /** `facts`: those of all its entries, in order. */
  line({ source, index }: OriginFact, facts: readonly LineFacts[], textOf: TextOf): string {
    return `[${this.#name(source)},${index},[${this.#endings(facts, textOf).join(',')}]]`
  }

  /** The same of what has but one entry, and one token, as nearly all rows have; null for others. */
  ofOne({ births, endings, visits, values, first_value }: SubjectDraft, { source, index }: OriginFact): string | null {
    const [birth, ending, last] = [births[0], endings[0], visits[visits.length - 1]]
    if (births.length !== 1 || endings.length !== 1 || birth?.group !== 0) return null
    if (ending === undefined || last?.token !== ending.token) return null
    const data = values[dataOf(last, birth.value) - first_value]?.text
    return data === undefined ? null : `[${this.#name(source)},${index},[["",${this.#end(ending)},${data}]]]`
  }

  #endings(facts: readonly LineFacts[], textOf: TextOf): string[] {
    const groups = new Map(facts.flatMap(each => each.groups_opened.map(group => [group.group, group] as const)))
    const tokens = new Map<number, Born>()
    const visits = new Map<number, Visit>()
    for (const { births, visits: own } of facts) {
      for (const { token, group, ordinal, value, parents } of births) {
        const { kind, node } = groups.get(group) ?? { kind: null, node: 0 }
        const parent = tokens.get(parents[0] ?? 0) ?? NO_PARENT
        tokens.set(token, { ...this.#lineage(kind === null ? null : GROUP_KINDS[kind], node, ordinal, parent), value })
      }
      for (const visit of own) visits.set(visit.token, visit)
    }
    return facts
      .flatMap(each => each.endings)
      .map(ending => {
        const { path, value } = onRecord(tokens.get(ending.token), `birth of token ${ending.token}`)
        const data = dataOf(visits.get(ending.token), value)
        return { path, text: `[${canonicalize(path)},${this.#end(ending)},${textOf(data)}]` }
      })
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .map(({ text }) => text)
  }

  #lineage(
    kind: (typeof GROUP_KINDS)[number] | null,
    node: number,
    ordinal: number,
    { path, forks }: Omit<Born, 'value'>,
  ): Omit<Born, 'value'> {
    if (kind === null) return { path: FIRST_PATH, forks: [] }
    const { name, branches = [] } = onRecord(this.#topology.nodes[node - 1], `node ${node}`)
    if (kind === 'fork') {
      const branch = onRecord(branches[ordinal], `branch ${ordinal} of ${name}`)
      return { path: branchPath(path, branch), forks: [...forks, { branch, path }] }
    }
    if (kind !== 'merge') return { path: elementPath(path, ordinal), forks: [] }
    const at = forks.findLastIndex(({ branch }) => branches.includes(branch))
    return { path: mergedPath(forks[at]?.path ?? FIRST_PATH, name), forks: forks.slice(0, Math.max(0, at)) }
  }

  #end({ fate, node, sink, error }: Ending): string {
    if (error !== null) return `${this.#fated(fate, node, sink)},${canonicalize(error.code)}`
    const key = (fate * MOST_NODES + node) * MOST_NODES + sink
    const known = this.#ends.get(key)
    if (known !== undefined) return known
    const made = `${this.#fated(fate, node, sink)},null`
    this.#ends.set(key, made)
    return made
  }

  #fated(fate: FateNumber, node: number, sink: number): string {
    const { outcome, cause } = fateOf(fate) ?? notOnRecord(`fate ${fate}`)
    return `"${outcome}","${cause}",${this.#name(node)},${this.#name(sink)}`
  }

  #name(node: number): string {
    return this.#names[node] ?? notOnRecord(`node ${node}`)
  }
}

const NO_PARENT = { path: FIRST_PATH, forks: [] }

/** Number of a token's last data: as it came to where it was last; what a source made of a record; or what it was born with. */
function dataOf(last: Visit | undefined, born: number): number {
  if (last === undefined) return born
  return last.in !== 0 ? last.in : last.out !== 0 ? last.out : born
}
