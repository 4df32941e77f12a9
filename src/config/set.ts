/**
 * `--set path.to.key=value`: replaces one place of the tree. Paths are keys and list positions (from 0) joined with
 * dots; the path must be one that the format has, and names in it (sources, nodes, sinks) must be in the file.
 *
 * A value that begins with `[`, `{` or a quote is YAML; a number, true, false and null are themselves; all else is a
 * text as it stands (`-` too), so that expressions need no quotes. Nothing after `=` is an empty text.
 */
import { z } from 'zod'
import { PIPELINE } from './format.ts'
import { entriesOf } from './names.ts'
import { nearestHint } from './nearest.ts'
import { inner, type Part, wordsOf } from './part.ts'
import { Picked } from './picked.ts'
import { Problems } from './problems.ts'
import { type Place, SourceText } from './source-text.ts'
import { type MapEntry, type MapTree, type Tree, toJson } from './tree.ts'
import { parseYaml } from './yaml.ts'

/** Name under which diagnostics of set values appear; line N is the N-th argument. */
export const SET_SOURCE = '--set'

/** The steps of a `--set` argument's path; null if there is no `=` or a step is empty. */
export function setPath(argument: string): readonly string[] | null {
  const end = argument.indexOf('=')
  if (end <= 0) return null
  const steps = argument.slice(0, end).trim().split('.')
  return steps.every(step => step !== '') ? steps : null
}

/** The tree with all of `overrides` applied in order. Problems: CUSTODY_BAD_SET. */
export function applySets(root: Tree, overrides: readonly string[], problems: Problems): Tree {
  let tree = root
  overrides.forEach((argument, index) => {
    tree = applySet(tree, argument, index, problems)
  })
  return tree
}

function applySet(root: Tree, argument: string, index: number, problems: Problems): Tree {
  const whole = padded(index, '', argument)
  const steps = setPath(argument)
  if (steps === null) {
    problems.error('CUSTODY_BAD_SET', whole, `\`${argument}\` isn’t of the form path.to.key=value`)
    return root
  }
  const split = argument.indexOf('=') + 1
  const value = parseValue(padded(index, argument.slice(0, split), argument.slice(split)), problems)
  if (value === null) return root
  const setter = new Setter(steps, index, problems)
  return setter.set(root, PIPELINE, 0, value) ?? root
}

/** A place in line `index + 1` after `before`; a source of blanks gives it the right line and column. */
function padded(index: number, before: string, text: string): Place {
  const blank = '\n'.repeat(index) + ' '.repeat(before.length)
  return { source: new SourceText(SET_SOURCE, blank + text), start: blank.length, end: blank.length + text.length }
}

function parseValue(at: Place, problems: Problems): Tree | null {
  const text = at.source.text.slice(at.start)
  if (text === '' || text === '-' || !/^(?:[[{"']|[\w.+~-]+$)/.test(text)) {
    return { kind: 'scalar', at, style: 'plain', value: text }
  }
  const own = new Problems()
  const tree = parseYaml(at.source, own)
  for (const each of own.list()) problems.error('CUSTODY_BAD_SET', at, each.message, each.hint)
  return own.failed ? null : (tree ?? { kind: 'scalar', at, style: 'plain', value: null })
}

class Setter {
  readonly #steps: readonly string[]
  readonly #index: number
  readonly #problems: Problems

  constructor(steps: readonly string[], index: number, problems: Problems) {
    this.#steps = steps
    this.#index = index
    this.#problems = problems
  }

  /** `tree` with the value at the rest of the path, from step `depth`; null if that can't be, which is then reported. */
  set(tree: Tree | undefined, part: Part, depth: number, value: Tree): Tree | null {
    const step = this.#steps[depth]
    if (step === undefined) return value
    const options = optionsOf(part, tree)
    const objects = options.filter(each => each instanceof z.ZodObject)
    if (objects.length > 0 && objects.length === options.length) {
      const found = objects.find(each => Object.hasOwn(each.shape, step))?.shape[step]
      return this.#key(
        tree,
        depth,
        value,
        found,
        objects.flatMap(each => Object.keys(each.shape)),
      )
    }
    const [own = null] = options
    if (own instanceof z.ZodArray) return this.#item(tree, depth, value, own.element)
    if (own instanceof z.ZodMap) {
      const names = entriesOf(tree).map(({ key }) => key)
      const known = wordsOf(own).keys !== 'name' || names.includes(step)
      return this.#key(tree, depth, value, known ? own.valueType : undefined, names)
    }
    if (own === null || wordsOf(own).open !== true) return this.#refuse(depth, [])
    return tree?.kind === 'list' ? this.#item(tree, depth, value, own) : this.#key(tree, depth, value, own, [])
  }

  #key(tree: Tree | undefined, depth: number, value: Tree, part: Part | undefined, keys: readonly string[]) {
    const key = this.#steps[depth] as string
    if (part === undefined) return this.#refuse(depth, keys)
    const map: MapTree | null = tree?.kind === 'map' ? tree : null
    const before = map?.entries.get(key)
    const after = this.set(before?.value, part, depth + 1, value)
    if (after === null) return null
    const entries = new Map<string, MapEntry>(map?.entries)
    const last = depth === this.#steps.length - 1
    entries.set(key, { key, key_at: last || before === undefined ? this.#place(depth) : before.key_at, value: after })
    return { kind: 'map' as const, at: map?.at ?? this.#place(depth), entries }
  }

  #item(tree: Tree | undefined, depth: number, value: Tree, part: Part): Tree | null {
    const items = tree?.kind === 'list' ? tree.items : []
    const position = /^\d{1,6}$/.test(this.#steps[depth] as string) ? Number(this.#steps[depth]) : -1
    if (tree?.kind !== 'list' || position < 0 || position >= items.length) {
      return this.#refuse(
        depth,
        items.map((_, each) => String(each)),
      )
    }
    const after = this.set(items[position], part, depth + 1, value)
    return after === null ? null : { ...tree, items: items.with(position, after) }
  }

  #place(depth: number): Place {
    const before = this.#steps
      .slice(0, depth)
      .map(step => `${step}.`)
      .join('')
    return padded(this.#index, before, this.#steps[depth] as string)
  }

  #refuse(depth: number, valid: readonly string[]): null {
    const step = this.#steps[depth] as string
    const parent = this.#steps.slice(0, depth).join('.')
    const message = parent === '' ? `there is no key \`${step}\` to set` : `\`${parent}\` has no \`${step}\` to set`
    this.#problems.error('CUSTODY_BAD_SET', this.#place(depth), message, nearestHint(step, valid, 'there are'))
    return null
  }
}

/** What `part` may be where something stands below it; what `tree` is already, if that shows it. */
function optionsOf(part: Part, tree: Tree | undefined): readonly Part[] {
  const own = inner(part)
  if (!(own instanceof Picked)) return [own]
  const meant = tree === undefined ? null : own.pick(toJson(tree))
  const all = own.options.filter(each => each instanceof z.ZodObject || each instanceof z.ZodMap)
  return meant === null || meant instanceof z.ZodString || meant instanceof z.ZodEnum ? all : [meant]
}
