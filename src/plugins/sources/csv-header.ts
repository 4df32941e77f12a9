/**
 * From the header of a CSV file to field names.
 *
 * A header that is an identifier already stays exactly as it is. Any other is normalised, so that `row.loan_amount` can be
 * written for `Loan Amount`: surrounding space goes; if what is left is no identifier, it is put into Unicode form C and
 * lower case, each run of characters that are neither letters, marks, digits nor `_` becomes one `_`, those at the ends go,
 * and a `_` is put before a leading digit. Where nothing is left the name is `column_N`. A header that the schema declares as it
 * stands keeps its name, whatever that is.
 */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/

/** @param position of the column, from 1 */
export function normaliseName(header: string, position: number): string {
  const trimmed = header.trim()
  if (IDENTIFIER.test(trimmed)) return trimmed
  const name = trimmed
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}_]+/gu, '_')
    .replace(/^_+|_+$/g, '')
  if (name === '') return `column_${position}`
  return /^\p{N}/u.test(name) ? `_${name}` : name
}

export interface Columns {
  /** Field names, in the order of the file. */
  readonly names: readonly string[]
  /** `{field: header}` of those whose field has another name. */
  readonly originals: { readonly [field: string]: string }
  /** Those that have a number, since another column is the field that they would be. */
  readonly numbered: readonly string[]
}

export interface HeaderRules {
  readonly normalise: boolean
  /** Fields of the schema; a header that is one of them stays as it is. */
  readonly declared: readonly string[]
}

/**
 * Each column has a field of its own. Of several columns that would be the same field the one that has its name in the file is it,
 * else the first; the others get numbers from 2 on (`amount`, `amount_2`), past those that other columns have. Several empty headers are `column_N` even where names aren't
 * normalised.
 * @returns columns, or the sentence that says which two could be the field that the schema declares.
 */
export function columnsOf(headers: readonly string[], { normalise, declared }: HeaderRules): Columns | string {
  const fields = new Set(declared)
  const empty = headers.indexOf('') !== headers.lastIndexOf('')
  const wanted = headers.map((header, index) =>
    fields.has(header) || !(normalise || (empty && header === '')) ? header : normaliseName(header, index + 1),
  )
  const owner = new Map<string, number>()
  for (const [index, name] of wanted.entries()) {
    const other = owner.get(name)
    if (other === undefined || (headers[index] === name && headers[other] !== name)) owner.set(name, index)
  }
  const taken = new Set(owner.keys())
  const next = new Map<string, number>()
  const names: string[] = []
  const with_number: string[] = []
  const originals = Object.create(null) as { [field: string]: string }
  for (const [index, name] of wanted.entries()) {
    const one = owner.get(name) ?? index
    const field = one === index ? name : numbered(name, taken, next)
    const alike = headers[one] !== name || headers[index] === name
    if (alike && fields.has(name) && !fields.has(field)) return collision(headers, name, one, index)
    names.push(field)
    if (one !== index) with_number.push(field)
    const header = headers[index] ?? ''
    if (field !== header) originals[field] = header
  }
  return { names, originals, numbered: with_number }
}

/** `name` with the first number that nobody has. `next`: where to go on, by name. */
function numbered(name: string, taken: Set<string>, next: Map<string, number>): string {
  for (let number = next.get(name) ?? 2; ; number++) {
    const field = `${name}_${number}`
    if (taken.has(field)) continue
    taken.add(field)
    next.set(name, number + 1)
    return field
  }
}

function collision(headers: readonly string[], name: string, one: number, two: number): string {
  const column = (index: number) => `column ${index + 1} (${JSON.stringify(headers[index])})`
  return `${column(one)} and ${column(two)} of the header could both be the field ${JSON.stringify(name)} of the schema`
}

/** As options name them. */
const DELIMITERS = { ',': ',', ';': ';', '|': '|', tab: '\t' } as const

/**
 * What the option `delimiter` should be for a header of which `delimiter` makes none of the fields that are declared.
 * @returns null if it makes one, or no usual delimiter does.
 */
export function likelyDelimiter(
  header: string,
  delimiter: string,
  declared: readonly string[],
  normalise: boolean,
): string | null {
  const found = (by: string) =>
    header
      .split(by)
      .map(cell => cell.trim().replace(/^"(.*)"$/, '$1'))
      .filter(
        (cell, index) => declared.includes(cell) || (normalise && declared.includes(normaliseName(cell, index + 1))),
      ).length
  if (found(delimiter) > 0) return null
  const [best] = Object.entries(DELIMITERS).sort(([, a], [, b]) => found(b) - found(a))
  return best === undefined || found(best[1]) === 0 ? null : best[0]
}

/** Names of columns without a header: `column_1`, … */
export function numberedColumns(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `column_${index + 1}`)
}
