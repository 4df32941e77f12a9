/**
 * zod's issues as problems in the file: an issue has a path, the tree knows where that is, and the part of the format
 * that stands there has the words. Every problem is reported, each at its own key or value.
 */
import { z } from 'zod'
import { type Issue, inputOf, pathOf, refusalOf } from './content.ts'
import { PIPELINE } from './format.ts'
import { nearestHint } from './nearest.ts'
import { aboutPart, below, chosen, inner, type Part, type Refusal, wordsOf } from './part.ts'
import { Picked } from './picked.ts'
import type { Problems } from './problems.ts'
import type { Place } from './source-text.ts'
import {
  type ConfigPath,
  entryOf,
  isEmpty,
  type ListTree,
  type MapTree,
  secretName,
  type Tree,
  toJson,
} from './tree.ts'

/** A place of the file, and the part of the format that belongs there. */
interface Spot {
  readonly part: Part
  readonly tree: Tree
  /** Where to point if something is missing in it. */
  readonly key_at: Place
  /** `to`, `source applications`; null for the whole file. */
  readonly label: string | null
}

/** What a file is: its format, and its name in messages. */
export interface FileFormat {
  readonly part: Part
  readonly what: string
}

const PIPELINE_FILE: FileFormat = { part: PIPELINE, what: 'the pipeline' }

/** Problems: CUSTODY_UNKNOWN_KEY, …_MISSING_KEY, …_WRONG_TYPE, …_BAD_VALUE, and those of the parts' own words. */
export function diagnose(
  issues: readonly Issue[],
  root: Tree,
  problems: Problems,
  { part, what }: FileFormat = PIPELINE_FILE,
): void {
  const whole: Spot = { part, tree: root, key_at: { ...root.at, end: root.at.start + 1 }, label: null }
  const diagnoser = new Diagnoser(whole, what, problems)
  for (const issue of issues) diagnoser.report(issue)
}

class Diagnoser {
  readonly #whole: Spot
  readonly #what: string
  readonly #problems: Problems

  constructor(whole: Spot, what: string, problems: Problems) {
    this.#whole = whole
    this.#what = what
    this.#problems = problems
  }

  report(issue: Issue): void {
    const path = pathOf(issue)
    const { spot, missing } = this.#spotAt(path)
    if (missing !== null) return this.#missingKey(spot, missing)
    const { part, tree } = spot
    const refusal = refusalOf(issue)
    // What isn't known has been reported.
    if (tree.kind === 'scalar' && tree.unset && refusal?.at !== 'key') return
    if (refusal !== null) return this.#refuse(spot, refusal)
    const own = chosen(part, toJson(tree)) ?? inner(part)
    const { explain } = wordsOf(own)
    if (explain !== undefined) return this.#refuse(spot, explain(inputOf(tree, part), String(path.at(-1))))
    if (issue.code === 'unrecognized_keys') return this.#unknownKeys(spot, issue.keys)
    if (tree.kind === 'map' && own instanceof Picked && own.kinds.length > 0) return this.#unclear(spot, own, tree)
    this.#refuse(spot, misplaced(own, tree, spot.label))
  }

  /** The place at a path, or the last one on its way, and the key that isn't there. */
  #spotAt(path: ConfigPath): { readonly spot: Spot; readonly missing: string | null } {
    let spot = this.#whole
    for (const step of path) {
      const { tree } = spot
      const own = chosen(spot.part, toJson(tree))
      const part = own === null ? null : below(own, null, step)
      const at = tree.kind === 'list' ? listEntry(tree, Number(step)) : entryOf(tree, String(step))
      if (own === null || part === null || at === undefined) return { spot, missing: String(step) }
      const { item } = wordsOf(own)
      const name = tree.kind === 'list' ? Number(step) + 1 : step
      spot = { part, tree: at.value, key_at: at.key_at, label: item === undefined ? String(name) : `${item} ${name}` }
    }
    return { spot, missing: null }
  }

  #refuse({ label, tree, key_at }: Spot, refusal: Refusal): void {
    const at = refusal.at === 'key' || ('must' in refusal && isEmpty(tree)) ? key_at : tree.at
    if ('code' in refusal) this.#problems.error(refusal.code, at, refusal.message, refusal.hint)
    else if ('says' in refusal) {
      this.#problems.error('CUSTODY_BAD_VALUE', at, `\`${label}\` ${refusal.says}`, refusal.hint)
    } else {
      const message = `\`${label}\` must be ${refusal.must}, ${isEmpty(tree) ? 'but is empty' : `not ${describe(tree)}`}`
      this.#problems.error('CUSTODY_WRONG_TYPE', at, message, secretName(tree) === null ? refusal.hint : SECRETS_HINT)
    }
  }

  #missingKey({ part, tree, key_at, label }: Spot, key: string): void {
    const own = chosen(part, toJson(tree)) ?? part
    const missing = below(own, null, key)
    const { description = '' } = missing === null ? {} : aboutPart(missing)
    const hint = description.slice(0, 1).toLowerCase() + description.slice(1).replace(/\.$/, '')
    // `source applications`, or what it is where it has no name of its own.
    const name = label === null ? this.#what : label.includes(' ') ? `\`${label}\`` : wordsOf(own).what
    this.#problems.error('CUSTODY_MISSING_KEY', key_at, `${name} has no \`${key}\``, hint)
  }

  #unknownKeys({ part, tree }: Spot, keys: readonly string[]): void {
    const own = chosen(part, toJson(tree)) ?? part
    const { what, refused = {} } = wordsOf(own)
    const known = own instanceof z.ZodObject ? Object.keys(own.shape) : []
    for (const key of keys) {
      const at = entryOf(tree, key)?.key_at ?? tree.at
      const reason = Object.hasOwn(refused, key) ? refused[key] : ownerOf(key, inner(part))
      const hint = reason ?? nearestHint(key, known, 'keys here')
      this.#problems.error('CUSTODY_UNKNOWN_KEY', at, `${what} has no key \`${key}\``, hint)
    }
  }

  /** None, or more than one, of the keys that decide what it is. */
  #unclear({ part, label, key_at }: Spot, { kinds, options }: Picked, tree: MapTree): void {
    const { what } = wordsOf(part)
    const only_one = `${what} has exactly one of ${kinds.join(', ')}`
    const [first, second] = kinds.filter(kind => tree.entries.has(kind))
    if (first !== undefined && second !== undefined) {
      const at = entryOf(tree, second)?.key_at ?? tree.at
      const message = `\`${label}\` has both \`${first}\` and \`${second}\``
      return this.#problems.error('CUSTODY_BAD_VALUE', at, message, only_one)
    }
    const all = new Set(options.flatMap(each => (each instanceof z.ZodObject ? Object.keys(each.shape) : [])))
    for (const { key, key_at: at } of tree.entries.values()) {
      const hint = nearestHint(key, all, 'keys here')
      if (!all.has(key) && key !== 'plugin')
        this.#problems.error('CUSTODY_UNKNOWN_KEY', at, `${what} has no key \`${key}\``, hint)
    }
    const by_plugin = 'name the plugin with transform: or aggregate:, or in gate: { plugin: … }'
    const hint = tree.entries.has('plugin') ? by_plugin : only_one
    this.#problems.error('CUSTODY_MISSING_KEY', key_at, `\`${label}\` doesn’t say what it is`, hint)
  }
}

/** Why a map, a list, or one of several things can't be what it is. */
function misplaced(part: Part, tree: Tree, label: string | null): Refusal {
  const { item, expects } = wordsOf(part)
  const too_few = {
    code: 'CUSTODY_MISSING_KEY',
    message: `\`${label}\` needs at least one ${item}`,
    at: 'key',
  } as const
  if (part instanceof z.ZodArray) {
    if (tree.kind === 'list') return too_few
    return { must: 'a list', hint: tree.kind === 'scalar' ? 'write [ … ]' : undefined }
  }
  if (part instanceof z.ZodMap)
    return tree.kind === 'map' || isEmpty(tree) ? too_few : { must: `a map of ${item}s by name` }
  if (part instanceof z.ZodObject) return { must: `a map with ${Object.keys(part.shape).join(', ')}` }
  if (part instanceof Picked && part.kinds.length > 0) return { must: `a map with one of ${part.kinds.join(', ')}` }
  const hint = tree.kind === 'scalar' && !isEmpty(tree) ? 'put it into quotes' : undefined
  return { must: expects ?? 'something else', hint }
}

/** `policy` on a transform: the key exists, for a coalesce. */
function ownerOf(key: string, part: Part): string | undefined {
  if (!(part instanceof Picked)) return undefined
  const owner = part.options.find(each => each instanceof z.ZodObject && Object.hasOwn(each.shape, key))
  return owner === undefined ? undefined : `only ${wordsOf(owner).what} has it`
}

function listEntry({ items }: ListTree, position: number) {
  const value = items[position]
  return value === undefined ? undefined : { key_at: value.at, value }
}

function describe(tree: Tree): string {
  if (tree.kind !== 'scalar') return secretName(tree) === null ? `a ${tree.kind}` : 'a secret'
  if (typeof tree.value === 'string') return 'a text'
  return typeof tree.value === 'number' ? `the number ${tree.value}` : `${tree.value}`
}

const SECRETS_HINT =
  'secrets stand in the options of plugins and in ledger.url; ${NAME} reads a variable that may be seen'
