/**
 * Checks a tree against the format. Every problem is told, each at its own key or value; nothing is changed.
 * What a value means beyond its own place (targets, plugins, schemas) is for others.
 */
import { parseDuration } from '../model/duration.ts'
import { checkMapKeys } from './names.ts'
import { nearestHint } from './nearest.ts'
import type { Problems } from './problems.ts'
import type { ObjectShape, Shape, VariantsShape } from './shape.ts'
import type { Place } from './source-text.ts'
import { checkText } from './text-forms.ts'
import { parseThreshold, THRESHOLD_FORMS } from './threshold.ts'
import type { ListTree, MapTree, ScalarTree, Tree } from './tree.ts'
import { isEmpty, secretName } from './tree.ts'

/** The label of the whole file. */
export const WHOLE = 'the pipeline'

/** Where a check is: what the place is called, and where to point if something is missing in it. */
interface Spot {
  /** `to`, `source applications`. */
  readonly label: string
  readonly key_at: Place
}

export class Checker {
  readonly #problems: Problems

  constructor(problems: Problems) {
    this.#problems = problems
  }

  check(tree: Tree, shape: Shape, spot: Spot): void {
    if (tree.kind === 'scalar' && tree.unset) return
    switch (shape.kind) {
      case 'text':
      case 'choice':
      case 'integer':
      case 'number':
      case 'duration':
      case 'threshold':
        return this.#scalar(tree, shape, spot)
      case 'list':
        return this.#list(tree, shape, spot)
      case 'map':
        return this.#map(tree, shape, spot)
      case 'object':
        return this.#object(tree, shape, spot)
      case 'variants':
        return this.#variants(tree, shape, spot)
      case 'either':
        return this.#either(tree, shape, spot)
      case 'options':
        return this.#options(tree, spot)
      case 'field':
        return // read by fields.ts, which knows JSON Schema
    }
  }

  #wrongType(tree: Tree, spot: Spot, expected: string, hint?: string): void {
    const message = `\`${spot.label}\` must be ${expected}, ${isEmpty(tree) ? 'but is empty' : `not ${describe(tree)}`}`
    this.#problems.error('CUSTODY_WRONG_TYPE', isEmpty(tree) ? spot.key_at : tree.at, message, hint)
  }

  #badValue(tree: Tree, message: string, hint?: string): void {
    this.#problems.error('CUSTODY_BAD_VALUE', tree.at, message, hint)
  }

  #scalar(
    tree: Tree,
    shape: Extract<Shape, { kind: 'text' | 'choice' | 'integer' | 'number' | 'duration' | 'threshold' }>,
    spot: Spot,
  ): void {
    if (secretName(tree) !== null) {
      if (shape.kind === 'text' && shape.secret) return
      const hint =
        'secrets stand in the options of plugins and in ledger.url; ${NAME} reads a variable that may be seen'
      return this.#wrongType(tree, spot, SCALAR_WORDS[shape.kind], hint)
    }
    if (tree.kind !== 'scalar') return this.#wrongType(tree, spot, SCALAR_WORDS[shape.kind])
    switch (shape.kind) {
      case 'integer':
      case 'number':
        return this.#number(tree, shape, spot)
      case 'duration':
        return this.#duration(tree, shape.above_zero, spot)
      case 'threshold':
        return this.#threshold(tree, shape.share, spot)
      case 'choice':
        if (typeof tree.value !== 'string') return this.#wrongType(tree, spot, `one of ${shape.of.join(', ')}`)
        if (shape.of.includes(tree.value)) return
        return this.#badValue(
          tree,
          `\`${spot.label}\` can’t be \`${tree.value}\``,
          nearestHint(tree.value, shape.of, 'it is one of'),
        )
      case 'text':
        if (typeof tree.value !== 'string') {
          const hint = tree.value === null ? undefined : 'put it into quotes'
          return this.#wrongType(tree, spot, shape.form === 'expression' ? 'an expression, as a text' : 'a text', hint)
        }
        return checkText(tree, tree.value, shape.form, spot.label, this.#problems)
    }
  }

  #number(tree: ScalarTree, shape: Extract<Shape, { kind: 'integer' | 'number' }>, spot: Spot): void {
    const value = numberOf(tree)
    const integer = shape.kind === 'integer'
    if (value === null) {
      const hint =
        typeof tree.value === 'string' && Number.isFinite(Number(tree.value)) ? 'write it without quotes' : undefined
      return this.#wrongType(tree, spot, integer ? 'a whole number' : 'a number', hint)
    }
    if (integer && !Number.isInteger(value))
      return this.#badValue(tree, `\`${spot.label}\` must be a whole number, not ${value}`)
    const above = shape.kind === 'number' && shape.above === true
    if (value < shape.min || (above && value === shape.min)) {
      this.#badValue(tree, `\`${spot.label}\` must be ${above ? 'more than' : 'at least'} ${shape.min}, not ${value}`)
    } else if (integer && !Number.isSafeInteger(value)) {
      this.#badValue(tree, `\`${spot.label}\` is too large`)
    }
  }

  #duration(tree: ScalarTree, above_zero: boolean, spot: Spot): void {
    const forms = 'durations are written 500ms, 30s, 5m, 1h or 7d'
    const value = tree.value
    if (typeof value === 'number') {
      return this.#wrongType(
        tree,
        spot,
        'a duration with its unit',
        value > 0 ? `write ${value}s for seconds, or ${value}ms` : forms,
      )
    }
    if (typeof value !== 'string') return this.#wrongType(tree, spot, 'a duration', forms)
    const ms = parseDuration(value.trim())
    if (ms === null) return this.#badValue(tree, `\`${spot.label}\` isn’t a duration: \`${value}\``, forms)
    if (ms === 0 && above_zero) this.#badValue(tree, `\`${spot.label}\` must be longer than 0`)
  }

  #threshold(tree: ScalarTree, share: boolean, spot: Spot): void {
    const forms = share ? THRESHOLD_FORMS : 'write a number of rows, or off'
    const value = numberOf(tree) ?? tree.value
    if (typeof value !== 'string' && typeof value !== 'number')
      return this.#wrongType(tree, spot, share ? 'a number, a share or off' : 'a number or off', forms)
    const threshold = parseThreshold(value)
    if (threshold === null || (threshold.kind === 'share' && !share))
      this.#badValue(tree, `\`${spot.label}\` can’t be \`${value}\``, forms)
  }

  #list(tree: Tree, shape: Extract<Shape, { kind: 'list' }>, spot: Spot): void {
    if (isEmpty(tree) && shape.min === 0) return
    if (tree.kind !== 'list')
      return this.#wrongType(tree, spot, 'a list', tree.kind === 'scalar' ? 'write [ … ]' : undefined)
    if (tree.items.length < shape.min) this.#missing(spot, `\`${spot.label}\` needs at least one ${shape.item}`)
    tree.items.forEach((item, index) => {
      this.check(item, shape.of, { label: `${shape.item} ${index + 1}`, key_at: item.at })
    })
    if (shape.unique) this.#unique(tree, shape.item)
  }

  #unique(tree: ListTree, what: string): void {
    const seen = new Set<unknown>()
    for (const item of tree.items) {
      if (item.kind !== 'scalar' || item.unset) continue
      const code = what === 'branch' ? 'CUSTODY_DUPLICATE_BRANCH' : 'CUSTODY_BAD_VALUE'
      if (seen.has(item.value))
        this.#problems.error(code, item.at, `${what} \`${item.value}\` stands twice in this list`)
      seen.add(item.value)
    }
  }

  #map(tree: Tree, shape: Extract<Shape, { kind: 'map' }>, spot: Spot): void {
    if (isEmpty(tree) && shape.min === 0) return
    if (isEmpty(tree)) return this.#missing(spot, `\`${spot.label}\` needs at least one ${shape.item}`)
    if (tree.kind !== 'map') return this.#wrongType(tree, spot, `a map of ${shape.item}s by name`)
    if (tree.entries.size < shape.min) this.#missing(spot, `\`${spot.label}\` needs at least one ${shape.item}`)
    checkMapKeys(tree, shape.keys, shape.item, this.#problems)
    for (const { key, key_at, value } of tree.entries.values()) {
      this.check(value, shape.of, { label: `${shape.item} ${key}`, key_at })
    }
  }

  #object(tree: Tree, shape: ObjectShape, spot: Spot): void {
    const required = Object.values(shape.keys).some(each => each.required)
    if (isEmpty(tree) && !required) return
    if (tree.kind !== 'map') return this.#wrongType(tree, spot, `a map with ${Object.keys(shape.keys).join(', ')}`)
    for (const { key, key_at, value } of tree.entries.values()) {
      const known = Object.hasOwn(shape.keys, key) ? shape.keys[key] : undefined
      if (known === undefined) this.#unknownKey(key, key_at, shape)
      else this.check(value, known.shape, { label: key, key_at })
    }
    for (const [key, each] of Object.entries(shape.keys)) {
      if (each.required && !tree.entries.has(key))
        this.#missing(spot, `${named(shape, spot)} has no \`${key}\``, lowerFirst(each.doc))
    }
  }

  #missing(spot: Spot, message: string, hint?: string): void {
    this.#problems.error('CUSTODY_MISSING_KEY', spot.key_at, message, hint)
  }

  #unknownKey(key: string, at: Place, shape: ObjectShape): void {
    const reason = shape.refused !== undefined && Object.hasOwn(shape.refused, key) ? shape.refused[key] : undefined
    const hint = reason ?? nearestHint(key, Object.keys(shape.keys), 'keys here')
    this.#problems.error('CUSTODY_UNKNOWN_KEY', at, `${shape.what} has no key \`${key}\``, hint)
  }

  #variants(tree: Tree, shape: VariantsShape, spot: Spot): void {
    const kinds = Object.keys(shape.by)
    if (tree.kind !== 'map') return this.#wrongType(tree, spot, `a map with one of ${kinds.join(', ')}`)
    const found = kinds.filter(kind => tree.entries.has(kind))
    const [first, second] = found
    if (first === undefined) return this.#noVariant(tree, shape, spot)
    if (second !== undefined) {
      const at = tree.entries.get(second)?.key_at ?? tree.at
      const message = `\`${spot.label}\` has both \`${first}\` and \`${second}\``
      return this.#problems.error(
        'CUSTODY_BAD_VALUE',
        at,
        message,
        `${shape.what} has exactly one of ${kinds.join(', ')}`,
      )
    }
    const one = shape.by[first] as ObjectShape
    this.#object(tree, { ...one, refused: { ...this.#keysOfOthers(shape, first), ...one.refused } }, spot)
  }

  /** `policy` on a transform: the key exists, for a coalesce. */
  #keysOfOthers(shape: VariantsShape, kind: string): { [key: string]: string } {
    const own = shape.by[kind]?.keys ?? {}
    const reasons: { [key: string]: string } = {}
    for (const other of Object.values(shape.by)) {
      for (const key of Object.keys(other.keys))
        if (!Object.hasOwn(own, key)) reasons[key] ??= `only ${other.what} has it`
    }
    return reasons
  }

  #noVariant(tree: MapTree, shape: VariantsShape, spot: Spot): void {
    const kinds = Object.keys(shape.by)
    const all = new Set(Object.values(shape.by).flatMap(each => Object.keys(each.keys)))
    const unknown = [...tree.entries.values()].filter(each => !all.has(each.key))
    let hint = `${shape.what} has exactly one of ${kinds.join(', ')}`
    if (tree.entries.has('plugin')) hint = 'name the plugin with transform: or aggregate:, or in gate: { plugin: … }'
    for (const { key, key_at } of unknown) {
      const message = `${shape.what} has no key \`${key}\``
      if (key !== 'plugin')
        this.#problems.error('CUSTODY_UNKNOWN_KEY', key_at, message, nearestHint(key, all, 'keys here'))
    }
    this.#missing(spot, `\`${spot.label}\` doesn’t say what it is`, hint)
  }

  #either(tree: Tree, shape: Extract<Shape, { kind: 'either' }>, spot: Spot): void {
    const one = tree.kind === 'scalar' ? (typeof tree.value === 'string' ? shape.text : undefined) : shape[tree.kind]
    if (one !== undefined && secretName(tree) === null) return this.check(tree, one, spot)
    this.#wrongType(
      tree,
      spot,
      shape.expects,
      tree.kind === 'scalar' && tree.value !== null ? 'put it into quotes' : undefined,
    )
  }

  #options(tree: Tree, spot: Spot): void {
    if (isEmpty(tree)) return
    if (tree.kind !== 'map' || secretName(tree) !== null) return this.#wrongType(tree, spot, 'a map')
    this.#json(tree)
  }

  /** What can’t stand anywhere in options. */
  #json(tree: Tree): void {
    if (tree.kind === 'list')
      return tree.items.forEach(item => {
        this.#json(item)
      })
    if (tree.kind !== 'map') return
    for (const { key, key_at, value } of tree.entries.values()) {
      if (key === '__proto__') this.#problems.error('CUSTODY_BAD_VALUE', key_at, 'options can’t have a key `__proto__`')
      this.#json(value)
    }
    const secret = tree.entries.get('secret')
    if (secret === undefined || tree.entries.size > 1) return
    const name = secret.value
    if (name.kind !== 'scalar' || typeof name.value !== 'string' || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name.value)) {
      const message = 'a secret is named by its environment variable'
      this.#problems.error(
        'CUSTODY_BAD_VALUE',
        isEmpty(name) ? secret.key_at : name.at,
        message,
        'write { secret: NAME }',
      )
    }
  }
}

/** The number that a scalar stands for, also by a variable; null if none. */
export function numberOf(tree: ScalarTree): number | null {
  const value = tree.typed ?? tree.value
  return typeof value === 'number' ? value : null
}

const SCALAR_WORDS = {
  text: 'a text',
  choice: 'a text',
  integer: 'a whole number',
  number: 'a number',
  duration: 'a duration',
  threshold: 'a number',
} as const

function describe(tree: Tree): string {
  if (secretName(tree) !== null) return 'a secret'
  if (tree.kind !== 'scalar') return `a ${tree.kind}`
  if (typeof tree.value === 'string') return 'a text'
  return typeof tree.value === 'number' ? `the number ${tree.value}` : `${tree.value}`
}

/** `source applications`, or what it is where it has no name of its own. */
function named(shape: ObjectShape, { label }: Spot): string {
  if (label === WHOLE) return label
  return label.includes(' ') ? `\`${label}\`` : shape.what
}
const lowerFirst = (text: string) => text.slice(0, 1).toLowerCase() + text.slice(1).replace(/\.$/, '')
