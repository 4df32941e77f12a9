/**
 * From the header of a CSV file to field names.
 *
 * A header that is an identifier already stays exactly as it is. Any other is normalised, so that `row.loan_amount` can be
 * written for `Loan Amount`: surrounding space goes; if what is left is no identifier, it is put into Unicode form C and
 * lower case, each run of characters that are neither letters, marks, digits nor `_` becomes one `_`, those at the ends go,
 * and a `_` is put before a leading digit. Where nothing is left the name is `column_N`.
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
}

/** @returns columns, or the sentence that says which two collide. */
export function columnsOf(headers: readonly string[], normalise: boolean): Columns | string {
  const names = headers.map((header, index) => (normalise ? normaliseName(header, index + 1) : header))
  const first = new Map<string, number>()
  const originals = Object.create(null) as { [field: string]: string }
  for (const [index, name] of names.entries()) {
    const other = first.get(name)
    if (other !== undefined) return collision(headers, name, other, index)
    first.set(name, index)
    if (name !== headers[index]) originals[name] = headers[index]!
  }
  return { names, originals }
}

function collision(headers: readonly string[], name: string, one: number, two: number): string {
  const column = (index: number) => `column ${index + 1} (${JSON.stringify(headers[index])})`
  return `${column(one)} and ${column(two)} of the header would both be the field ${JSON.stringify(name)}`
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
      .filter((cell, index) => declared.includes(normalise ? normaliseName(cell, index + 1) : cell)).length
  if (found(delimiter) > 0) return null
  const [best] = Object.entries(DELIMITERS).sort(([, a], [, b]) => found(b) - found(a))
  return best === undefined || found(best[1]) === 0 ? null : best[0]
}

/** Names of columns without a header: `column_1`, … */
export function numberedColumns(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `column_${index + 1}`)
}
