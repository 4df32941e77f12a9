/** What becomes of a run whose source has these columns: pure. */
import { distance } from 'fastest-levenshtein'
import { nearestNames } from '../../../model/nearest.ts'
import type { RowSchema } from '../../../model/schema.ts'
import type { SourceColumn, SourceHead } from '../../../sdk/spec.ts'

export interface HeaderVerdict {
  /** Why nothing can be read with this schema; null if it can. */
  readonly problem: { readonly message: string; readonly hint: string } | null
  readonly warnings: readonly string[]
}

const MOST_NAMES = 20
const OTHER_NAME = 'Choose another name for the field that is added.'

/** `extra_columns`: of columns that a closed schema doesn't know. `added`: fields that the source adds itself. */
export function judgeHeader(
  { fields, closed }: RowSchema,
  extra_columns: 'error' | 'drop',
  { input, columns }: SourceHead,
  added: ReadonlyMap<string, unknown> = new Map(),
): HeaderVerdict {
  const clash = columns?.find(({ field }) => added.has(field))
  if (clash !== undefined)
    return stop(`${input} has a column ${quoted([clash.field])}, and the source adds a field of that name`, OTHER_NAME)
  if (columns === null || fields.size === 0) return { problem: null, warnings: [] }
  const there = new Set(columns.map(({ field }) => field))
  const undeclared = columns.filter(({ field }) => !fields.has(field))
  const absent = [...fields].filter(([name]) => !there.has(name))
  const missing = absent.filter(([, { optional }]) => !optional).map(([name]) => name)
  const headers = `its columns: ${listed(columns.map(({ header }) => header))}`
  const listing = `its columns: ${listed(columns.map(namedColumn))}`
  if (missing.length > 0) {
    const message = `${input} lacks ${quoted(missing)}, which the schema requires`
    const renamed = undeclared.filter(({ header }) => missing.includes(header))
    if (renamed.length > 0) return stop(message, `${headers}; ${otherwiseNamed(renamed)}`)
    const guesses = missing.flatMap(name => nearestColumn(name, undeclared))
    const meant = guesses.length === 0 ? '' : `; did you mean ${listed(guesses)}?`
    return stop(message, listing + meant)
  }
  for (const [name] of absent) {
    const near = undeclared.find(({ field }) => isNearly(name, field))
    if (near === undefined) continue
    if (near.header === name)
      return stop(
        `${input} has no field ${quoted([name])}, which the schema has as optional`,
        `${headers}; ${otherwiseNamed([near])}`,
      )
    const message = `${input} has no ${quoted([name])}, but ${quoted([near.header])}, which is nearly its name`
    return stop(message, `${listing}. Correct the schema, or the file.`)
  }
  if (closed && extra_columns === 'error' && undeclared.length > 0) {
    const unknown = undeclared.map(({ header }) => header)
    const hint = `Declare ${unknown.length === 1 ? 'it' : 'them'}, set extra_columns: drop, or choose mode: flexible; ${listing}`
    return stop(`${input} has ${quoted(unknown)}, which the schema doesn’t know`, hint)
  }
  const warnings = absent.map(([name]) => `${input} has no ${quoted([name])}, which the schema has as optional`)
  return { problem: null, warnings }
}

/** As it stands in the file, with its field where that has another name. */
const namedColumn = ({ header, field }: SourceColumn) => (header === field ? header : `${header} (field ${field})`)

const stop = (message: string, hint: string): HeaderVerdict => ({ problem: { message, hint }, warnings: [] })

/** Of columns that the schema has under their names in the file. */
function otherwiseNamed(columns: readonly SourceColumn[]): string {
  const fields = columns.map(({ header, field }) => `\`${header}\` is read as the field \`${field}\``)
  return `${listed(fields)}: name it so in the schema, or set normalise: false`
}

/** Letters alone: neither case nor what stands between words counts. */
const plain = (name: string) =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
const digits = (name: string) => name.replaceAll(/\P{N}/gu, '')

/** Whether a name can hardly be anything but a misspelling of the other. `amount_1` is none of `amount_2`. */
function isNearly(name: string, other: string): boolean {
  const [one, two] = [plain(name), plain(other)]
  if (one === '' || digits(one) !== digits(two)) return false
  const length = Math.min(one.length, two.length)
  return one === two || (length >= 4 && distance(one, two) <= (length >= 9 ? 2 : 1))
}

function nearestColumn(name: string, columns: readonly SourceColumn[]): string[] {
  const [field] = nearestNames(
    name,
    columns.map(each => each.field),
    1,
  )
  const column = columns.find(each => each.field === field)
  return column === undefined ? [] : [column.header]
}

const quoted = (names: readonly string[]) => listed(names.map(name => `\`${name}\``))

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map(name => (name.length > 60 ? `${name.slice(0, 60)}…` : name))
  return `${shown.join(', ')}${names.length > MOST_NAMES ? `, and ${names.length - MOST_NAMES} more` : ''}`.toWellFormed()
}
