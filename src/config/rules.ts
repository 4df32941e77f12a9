/** Rules between the keys of one part: what a policy needs and what it excludes. What is wrong on its own has been reported before. */
import { parseDuration } from '../model/duration.ts'
import { counted } from '../model/number-text.ts'
import { ERROR_FIELD } from '../sdk/error-row.ts'
import { FIELD_HINT } from './fields.ts'
import { secretRefusal } from './leaf.ts'
import { entriesOf } from './names.ts'
import type { Problems } from './problems.ts'
import { entryOf, isEmpty, isKnown, type MapEntry, type Tree, valueAt } from './tree.ts'

/** Problems: CUSTODY_MISSING_KEY, CUSTODY_BAD_VALUE, CUSTODY_SCHEMA, CUSTODY_BRANCH_UNKNOWN. */
export function checkRules(root: Tree, problems: Problems): void {
  checkRetry(valueAt(root, 'retry'), problems)
  for (const source of entriesOf(valueAt(root, 'sources'))) {
    checkSchema(source, problems)
    checkOptions(valueAt(source.value, 'options'), problems)
    checkFields(valueAt(valueAt(source.value, 'schema'), 'fields'), problems)
  }
  for (const node of entriesOf(valueAt(root, 'nodes'))) {
    checkRetry(valueAt(node.value, 'retry'), problems)
    checkCoalesce(node, problems)
    checkCases(node, problems)
    checkAggregate(node, problems)
    checkSort(node, problems)
    checkJoin(node, problems)
    checkOptions(valueAt(node.value, 'options'), problems)
    checkOptions(valueAt(valueAt(node.value, 'gate'), 'options'), problems)
  }
  for (const sink of entriesOf(valueAt(root, 'sinks'))) checkOptions(valueAt(sink.value, 'options'), problems)
  for (const service of entriesOf(valueAt(valueAt(root, 'limits'), 'services'))) {
    if (service.value.kind !== 'map' || service.value.entries.size > 0) continue
    problems.error(
      'CUSTODY_MISSING_KEY',
      service.key_at,
      `service \`${service.key}\` has no limit`,
      'add per_minute, concurrency, breaker or max_wait',
    )
  }
}

const textOf = (tree: Tree | undefined): string | null =>
  tree?.kind === 'scalar' && typeof tree.value === 'string' && !tree.unset ? tree.value : null

function checkRetry(retry: Tree | undefined, problems: Problems): void {
  const backoff = parseDuration(textOf(valueAt(retry, 'backoff')) ?? '')
  const max = valueAt(retry, 'max_backoff')
  const max_ms = parseDuration(textOf(max) ?? '')
  if (max === undefined || backoff === null || max_ms === null || max_ms >= backoff) return
  problems.error('CUSTODY_BAD_VALUE', max.at, '`max_backoff` is shorter than `backoff`')
}

function checkSchema(source: MapEntry, problems: Problems): void {
  const schema = entryOf(source.value, 'schema')
  if (schema?.value.kind !== 'map') return
  const mode = entryOf(schema.value, 'mode')
  const fields = entryOf(schema.value, 'fields')
  const named = textOf(mode?.value)
  if (fields !== undefined && (mode === undefined || named === 'observed')) {
    const hint = 'say mode: fixed (exactly these fields) or flexible (at least these)'
    const at = mode?.value.at ?? fields.key_at
    const message = 'the mode of a schema is observed unless it says otherwise, and then its fields mean nothing'
    problems.error(mode === undefined ? 'CUSTODY_MISSING_KEY' : 'CUSTODY_BAD_VALUE', at, message, hint)
  }
  if (fields === undefined && (named === 'fixed' || named === 'flexible')) {
    const message = `a ${named} schema has no \`fields\``
    problems.error('CUSTODY_MISSING_KEY', mode?.key_at ?? schema.key_at, message, 'declare them, or say mode: observed')
  }
}

function checkCoalesce(node: MapEntry, problems: Problems): void {
  const branches = valueAt(node.value, 'coalesce')
  if (branches === undefined) return
  const policy = textOf(valueAt(node.value, 'policy')) ?? 'require_all'
  const merge = textOf(valueAt(node.value, 'merge')) ?? 'union'
  const needs = (key: string, why: string) => {
    if (entryOf(node.value, key) !== undefined) return
    problems.error('CUSTODY_MISSING_KEY', node.key_at, `node \`${node.key}\` has no \`${key}\``, `${why} needs it`)
  }
  const excludes = (key: string, why: string) => {
    const entry = entryOf(node.value, key)
    if (entry === undefined) return
    problems.error('CUSTODY_BAD_VALUE', entry.key_at, `\`${key}\` means nothing here: ${why}`, 'remove it')
  }
  if (policy === 'quorum') needs('quorum', 'policy quorum')
  else excludes('quorum', `the policy is ${policy}, not quorum`)
  if (policy === 'best_effort') needs('timeout', 'policy best_effort')
  if (policy === 'require_all' || policy === 'first') excludes('decide', `policy ${policy} decides as soon as it can`)
  if (policy === 'first') excludes('timeout', 'policy first merges on the first arrival')
  if (merge === 'select') needs('select', 'merge select')
  else excludes('select', `merge is ${merge}, not select`)
  if (merge !== 'union') excludes('on_conflict', `merge is ${merge}, not union`)
  checkBranchCounts(node, branches, problems)
}

function checkBranchCounts(node: MapEntry, branches: Tree, problems: Problems): void {
  if (branches.kind !== 'list') return
  const names = branches.items.map(item => textOf(item))
  const quorum = valueAt(node.value, 'quorum')
  const wanted = quorum?.kind === 'scalar' ? (quorum.typed ?? quorum.value) : null
  if (quorum !== undefined && typeof wanted === 'number' && wanted > names.length) {
    const message = `\`quorum\` is ${wanted}, but only ${names.length} branches are joined here`
    problems.error('CUSTODY_BAD_VALUE', quorum.at, message)
  }
  const select = valueAt(node.value, 'select')
  const chosen = textOf(select)
  if (select === undefined || chosen === null || names.includes(chosen)) return
  const message = `\`${chosen}\` isn’t one of the branches that are joined here`
  problems.error('CUSTODY_BRANCH_UNKNOWN', select.at, message, `there are: ${names.join(', ')}`)
}

function checkCases(node: MapEntry, problems: Problems): void {
  const cases = valueAt(node.value, 'cases')
  if (cases?.kind !== 'list') return
  const labels = new Map<string, number>()
  cases.items.forEach((item, index) => {
    const last_one = entryOf(item, 'else')
    if (last_one !== undefined && index < cases.items.length - 1) {
      const message = `the cases after \`else\` can never hold`
      problems.error('CUSTODY_BAD_VALUE', last_one.key_at, message, 'put it last')
    }
    const label_tree = valueAt(item, 'label')
    const label = textOf(label_tree) ?? (last_one === undefined ? String(index + 1) : 'else')
    const first = labels.get(label)
    if (first !== undefined) {
      const message = `cases ${first + 1} and ${index + 1} both have the label \`${label}\``
      problems.error('CUSTODY_DUPLICATE_NAME', label_tree?.at ?? item.at, message, 'give one of them another label')
    }
    labels.set(label, index)
  })
}

function checkAggregate(node: MapEntry, problems: Problems): void {
  if (entryOf(node.value, 'aggregate') === undefined) return
  const max_open = entryOf(node.value, 'max_open')
  if (max_open !== undefined && entryOf(node.value, 'per') === undefined) {
    const message = '`max_open` means nothing here: without `per` one batch is open at a time'
    problems.error('CUSTODY_BAD_VALUE', max_open.key_at, message, 'remove it')
  }
  const rows = entryOf(node.value, 'output_rows')
  if (rows !== undefined && textOf(valueAt(node.value, 'output')) === 'passthrough') {
    const message = '`output_rows` means nothing here: passthrough gives each member back'
    problems.error('CUSTODY_BAD_VALUE', rows.key_at, message, 'remove it')
  }
}

function checkSort(node: MapEntry, problems: Problems): void {
  const keys = valueAt(node.value, 'sort')
  if (keys?.kind !== 'list') return
  const seen = new Set<string>()
  for (const item of keys.items) {
    const field = textOf(valueAt(item, 'field')) ?? textOf(item)?.trim().split(/\s/)[0]
    if (field === undefined) continue
    if (seen.has(field)) {
      const message = `\`${field}\` stands twice in this list, and the second one decides nothing`
      problems.error('CUSTODY_BAD_VALUE', item.at, message, 'remove one of them')
    }
    seen.add(field)
  }
}

function checkJoin(node: MapEntry, problems: Problems): void {
  const join = valueAt(node.value, 'join')
  const fields = (side: Tree | undefined) =>
    side?.kind === 'list' ? side.items.length : side?.kind === 'scalar' && !isEmpty(side) ? 1 : 0
  const left = fields(valueAt(join, 'left'))
  const right = valueAt(join, 'right')
  if (right === undefined || left === 0 || fields(right) === 0 || left === fields(right)) return
  const message = `the key has ${counted(left, 'field')} on the left, and ${fields(right)} on the right`
  problems.error('CUSTODY_BAD_VALUE', right.at, message, 'they are compared one by one: name as many')
}

/** The name of a field, and what zod can't see: whether `null` was written or there is nothing. */
function checkFields(fields: Tree | undefined, problems: Problems): void {
  for (const { key, key_at, value } of entriesOf(fields)) {
    if (key === ERROR_FIELD) {
      const hint = 'that is the name of what rows carry of errors that they met'
      problems.error('CUSTODY_SCHEMA', key_at, `no record may have a field \`${ERROR_FIELD}\``, hint)
    } else if (isEmpty(value) && value.at.start <= key_at.end) {
      const message = `\`field ${key}\` must be a type, or a JSON Schema, but is empty`
      problems.error('CUSTODY_WRONG_TYPE', key_at, message, FIELD_HINT)
    }
  }
}

/** What can’t stand anywhere in options. */
function checkOptions(tree: Tree | undefined, problems: Problems): void {
  if (tree?.kind === 'list') for (const item of tree.items) checkOptions(item, problems)
  for (const { key, key_at, value } of entriesOf(tree)) {
    if (key === '__proto__') problems.error('CUSTODY_BAD_VALUE', key_at, 'options can’t have a key `__proto__`')
    checkOptions(value, problems)
  }
  const [secret, ...others] = entriesOf(tree)
  if (secret?.key !== 'secret' || others.length > 0) return
  const { key_at, value } = secret
  // A variable in it that isn’t set has been reported.
  const refused = isKnown(value) ? secretRefusal(value.kind === 'scalar' ? value.value : null) : null
  if (refused !== null) problems.error(refused.code, isEmpty(value) ? key_at : value.at, refused.message, refused.hint)
}
