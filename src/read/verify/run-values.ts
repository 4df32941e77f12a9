/**
 * The values of the run's own entries. Each is named in one place, in the entry that commits to it, and has the form that this place
 * asks for; a commit may name once more what the commit before it named in the same place. So nothing passes for something else, and
 * no value is there of which nobody says what it is.
 */
import type { RunEntry } from '../../format/entry.ts'
import type { NodeValues } from '../../format/run-values.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { call } from '../decode-call.ts'
import { type RunValue, type RunValueKey, runValue } from '../runs/run-values.ts'
import { ShapeError } from '../shape.ts'
import type { Commits, SubjectValues } from '../values.ts'
import type { Ways } from './ways.ts'

/** A place in an entry that has a value's number. */
interface Named {
  readonly key: RunValueKey
  /** Number of the node whose it is; null: the run's. */
  readonly owner: number | null
  readonly number: number
}

type Opening = Extract<RunEntry, { k: 'open' }>
type Commit = Extract<RunEntry, { k: 'commit' }>
type Publish = Extract<RunEntry, { k: 'publish' }>

export class RunValueNames {
  readonly #values: SubjectValues
  /** What the latest commit named, by its place. */
  #latest: ReadonlyMap<string, number> = new Map()
  /** What is published with the next commit. */
  #published: Publish | null = null

  constructor(values: SubjectValues) {
    this.#values = values
  }

  /** What is wrong with what an entry names, whose own values have been added. */
  *take(entry: RunEntry, own: Commits, ways: Ways): Iterable<string> {
    const last = own.first_value + own.commitments.length - 1
    const named = [...namedIn(entry)]
    const left = new Set(own.commitments.map((_, i) => own.first_value + i))
    for (const each of named) {
      const { number } = each
      const what = `${nameOf(each, ways)} is value ${grouped(number)}`
      const is_own = number >= own.first_value && number <= last && own.commitments.length > 0
      if (is_own && !left.delete(number)) yield `${what}, which is something else as well`
      else if (is_own) yield* this.#formProblems(each, what)
      else if (entry.k !== 'commit') yield `${what}, which is none of its own`
      else if (this.#latest.get(placeOf(each)) !== number)
        yield `${what}, which is neither its own nor what the commit before had there`
    }
    for (const number of left) yield `it doesn't say what its value ${grouped(number)} is`
    if (entry.k === 'open') yield* this.#openingProblems(entry, ways)
    if (entry.k === 'publish') this.#published = entry
    if (entry.k !== 'commit') return
    this.#latest = new Map(named.map(each => [placeOf(each), each.number]))
    if (this.#published !== null) yield* this.#publishedProblems(this.#published, entry, ways)
    this.#published = null
  }

  *#formProblems({ key, number }: Named, what: string): Iterable<string> {
    if (this.#values.isMissing(number)) return
    try {
      runValue(key, this.#values.get(number))
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error
      yield `${what}, and ${error.message}`
    }
  }

  /** Each node has what one of its kind has. */
  *#openingProblems({ values, files = [] }: Opening, ways: Ways): Iterable<string> {
    if (values.nodes.length !== ways.nodes.length)
      yield `it has values of ${counted(values.nodes.length, 'node')}, and there are ${grouped(ways.nodes.length)}`
    const listed = new Map(files.map(({ source, count }) => [source, count]))
    for (const [i, node] of values.nodes.entries()) {
      const [kind, name] = [ways.kind(i + 1), ways.name(i + 1)]
      for (const key of NODE_KEYS)
        if (node[key] !== undefined && KINDS[key]?.includes(kind ?? '') === false)
          yield `it has a value \`${key}\` of ${name}, which has no such thing`
      if (kind === 'sink' && node.intent === undefined) yield `it doesn't say what sink ${name} intends`
      const count = listed.get(i + 1)
      if ((count === undefined) !== (node.files === undefined))
        yield `of the files of ${name} it has ${count === undefined ? 'the names, and not how many they are' : 'no names'}`
      const names = formed(this.#values, node.files, 'files')
      if (names !== null && count !== undefined && names.length !== count)
        yield `${name} has ${counted(count, 'file')} on its list, and ${grouped(names.length)} are named`
    }
  }

  /** What a sink publishes in one file is what its last receipt has. */
  *#publishedProblems({ artifacts }: Publish, { receipts }: Commit, ways: Ways): Iterable<string> {
    for (const { sink, files, contents } of artifacts) {
      const [published] = formed(this.#values, contents, 'contents') ?? []
      const received = formed(this.#values, receipts.find(each => each.sink === sink)?.hash, 'hash')
      if (files === undefined && published !== undefined && received !== null && published.sha256 !== received)
        yield `${ways.name(sink)} was published with another hash than its last receipt has`
    }
  }
}

/** A value in its form; null if there is none, it is gone, or it has another form. */
export function formed<K extends RunValueKey>(
  values: Pick<SubjectValues, 'get'>,
  number: number | undefined,
  key: K,
): RunValue<K> | null {
  const value = number === undefined ? null : values.get(number)
  try {
    return value === null ? null : runValue(key, value)
  } catch (error) {
    if (error instanceof ShapeError) return null
    throw error
  }
}

/** Kinds of nodes that may have such a value; any may have the others. */
const KINDS: { readonly [key in keyof NodeValues]: readonly string[] } = {
  fields: ['source'],
  files: ['source'],
  reads: ['transform', 'gate', 'aggregate', 'sink'],
  closes: ['coalesce', 'aggregate'],
  path: ['sink'],
  intent: ['sink'],
}

const NODE_KEYS = ['fields', 'expressions', 'options', 'reads', 'closes', 'files', 'path', 'intent'] as const

function* namedIn(entry: RunEntry): Iterable<Named> {
  switch (entry.k) {
    case 'open':
      yield* numbers(entry.values, ['plan', 'folder', 'arguments'], null)
      for (const [i, node] of entry.values.nodes.entries()) yield* numbers(node, NODE_KEYS, i + 1)
      return
    case 'commit':
      for (const cursor of entry.cursors) yield* numbers(cursor, ['position', 'hash'], cursor.source)
      for (const receipt of entry.receipts) yield* numbers(receipt, ['hash', 'state'], receipt.sink)
      return yield* numbers(entry, ['at_risk'], null)
    case 'file':
      return yield* numbers(entry, ['name', 'position', 'hash'], entry.source)
    case 'calls':
      for (const each of entry.x) {
        const { node, request, response } = call(each, '')
        yield* numbers({ request, response }, ['request', 'response'], node)
      }
      return
    case 'publish':
      for (const artifact of entry.artifacts) yield* numbers(artifact, ['paths', 'contents'], artifact.sink)
      return
    case 'stop':
      return yield* numbers(entry, ['error'], null)
    case 'cut':
      return yield* numbers(entry, ['positions', 'hashes', 'input'], entry.source)
    case 'seal':
    case 'close':
      return yield* numbers(entry, ['digest'], null)
    case 'resume':
    case 'parts':
    case 'part':
      return
  }
}

function* numbers<K extends RunValueKey>(
  of: { readonly [key in K]?: number },
  keys: readonly K[],
  owner: number | null,
): Iterable<Named> {
  for (const key of keys) {
    const number = of[key]
    if (number !== undefined) yield { key, owner, number }
  }
}

const placeOf = ({ key, owner }: Named) => `${key} ${owner ?? ''}`

function nameOf({ key, owner }: Named, ways: Ways): string {
  return owner === null ? `\`${key}\`` : `\`${key}\` of ${ways.name(owner)}`
}
