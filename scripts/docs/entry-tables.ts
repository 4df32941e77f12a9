/** The tables of docs/ledger-format.md that say what entries hold, from the format’s description in src/format. */
import type { Key, Measure, ObjectOf, Shape, Tuple } from '../../src/format/description.ts'
import { type EntryKind, LEDGER_ENTRIES, RUN_ENTRIES } from '../../src/format/run-entry.ts'
import { SUBJECT_ENTRY } from '../../src/format/subject-entry.ts'
import { LISTS, type ListKey } from '../../src/format/subject-lists.ts'
import { code, table } from './markdown.ts'

/** Section 4, entries of rows and batches. */
export function subjectKeysTable(): string {
  const rows = Object.entries(SUBJECT_ENTRY).map(([name, { says = '' }]) => {
    const list: Tuple | null = name in LISTS ? LISTS[name as ListKey] : null
    return [code(name), list === null ? says : says.replace('…', () => listText(list))]
  })
  return table(['key', 'holds'], rows)
}

/** `[token, fate, node, sink, group]`, then `code, value` if … */
function listText({ elements, tails, rest }: Tuple): string {
  const open = tails.length === 0 ? namesOf(elements, rest) : namesOf(elements)
  const then = tails.map((each, i) => {
    const names = namesOf(each.elements, i === tails.length - 1 ? rest : null)
    return `, then ${code(names)} ${each.when}`
  })
  return `${code(`[${open}]`)}${then.join('')}`
}

function namesOf(elements: Tuple['elements'], rest: Tuple['rest'] = null): string {
  return [...elements.map(({ name }) => name), ...(rest === null ? [] : [`${rest.name}…`])].join(', ')
}

const MEASURES: { readonly [M in Measure]: string } = {
  token: 'number of a token',
  node: 'number of a node',
  edge: 'number of an edge',
  group: 'number of a group',
  row: 'number of a row',
  batch: 'number of a batch',
  call: 'number of a call',
  value: 'number of a value of the subject',
  entry: 'seq of an entry',
  log: 'number of a log',
  part: 'number of a part',
  outcome: 'number of an outcome and cause: [outcomes](outcomes.md#what-an-ending-carries)',
  place: 'a place',
  count: 'a count',
  attempt: 'an attempt',
  choice: 'as listed below',
  time: 'a time',
  µs: 'microseconds',
  nusd: '10^−9 US dollars',
}

/** Section 4, the elements of the lists of rows and batches: what they are, and from where on. */
export function elementsTable(): string {
  const keys = new Map<string, { readonly cells: readonly string[]; readonly in: string[] }>()
  for (const [name, list] of Object.entries<Tuple>(LISTS)) {
    const rest = list.rest === null ? [] : [list.rest]
    for (const each of [...list.elements, ...list.tails.flatMap(({ elements }) => elements), ...rest]) {
      const cells = [code(each.name), ...elementCells(each.is)]
      const id = cells.join('|')
      const found = keys.get(id) ?? { cells, in: [] }
      found.in.push(name)
      keys.set(id, found)
    }
  }
  const sorted = [...keys.values()].sort((a, b) => ((a.cells[0] ?? '') < (b.cells[0] ?? '') ? -1 : 1))
  return table(
    ['element', 'of', 'is', 'from'],
    sorted.map(({ cells: [name = '', is = '', from = ''], in: of }) => [name, of.map(code).join(' '), is, from]),
  )
}

function elementCells(is: Shape): readonly [is: string, from: string] {
  if (is.kind === 'text') return [`a text that matches ${code(String(is.form?.source))}`, '']
  if (is.kind !== 'whole') throw new TypeError(`an element is no ${is.kind}`)
  if (is.least < 0) return [MEASURES[is.of], 'any']
  if (is.most < Number.MAX_SAFE_INTEGER) return [MEASURES[is.of], `${is.least} to ${is.most}`]
  return [MEASURES[is.of], is.least === 0 && NUMBERED.includes(is.of) ? '0: none' : String(is.least)]
}

/** What counts from 1, so that 0 means none. */
const NUMBERED: readonly Measure[] = ['token', 'node', 'edge', 'group', 'value']

/** Section 4, entries of the run. */
export function runKeysTable(): string {
  const rows = Object.entries<EntryKind>(RUN_ENTRIES).map(([name, kind]) => [code(name), keysText(kind)])
  return table(['`k`', 'keys'], rows)
}

/** Section 7, entries of log 0. */
export function ledgerKeysTable(): string {
  const rows = Object.entries<EntryKind>(LEDGER_ENTRIES).map(([name, kind]) => [
    code(name),
    kind.says === undefined ? keysText(kind) : `${keysText(kind)}. ${kind.says}`,
  ])
  return table(['`k`', 'keys'], rows)
}

function keysText({ keys, never_both }: EntryKind): string {
  return Object.entries<Key>(keys)
    .map(([name, each], i) => `${i === 0 ? '' : never_both?.[1] === name ? ' or ' : ', '}${keyText(name, each)}`)
    .join('')
}

/** `cursors` `[{source, records, done}]`, and what is to be said of it. */
function keyText(name: string, { is, says, below }: Key): string {
  const shape = below === true ? null : shapeText(is)
  const words =
    is.kind === 'one of' && is.values.length > 1 ? is.values.map(each => code(String(each))).join(', ') : says
  return [code(name), shape === null ? null : code(shape), words === undefined ? null : `(${words})`]
    .filter(each => each !== null)
    .join(' ')
}

/** `[{source, records, done}]`; null for what has no parts, or whose parts have no names. */
export function shapeText(is: Shape): string | null {
  switch (is.kind) {
    case 'list': {
      const each = shapeText(is.of)
      return each === null ? null : `[${each}]`
    }
    case 'tuple':
      return `[${namesOf(is.elements, is.rest)}]`
    case 'object':
      return `{${objectText(is)}}`
    default:
      return null
  }
}

function objectText({ keys }: ObjectOf): string {
  return Object.entries(keys)
    .map(([name, { is, optional }]) => {
      const shape = shapeText(is)
      return `${name}${optional ? '?' : ''}${shape === null ? '' : `: ${shape}`}`
    })
    .join(', ')
}
