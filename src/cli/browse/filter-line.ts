/** The line by which rows are searched: `outcome=… error_code=… text=…`, in the words of the API (src/api/rows.ts). */
import { RowFilter } from '../../api/rows.ts'
import { CustodyError } from '../../model/error.ts'

/** What a line is made of: `key=value`, or a word alone; what has blanks stands in quotes. */
const PART = /(?:([a-z_]+)=)?(?:"((?:[^"\\]|\\.)*)"|(\S+))/gy
const GAP = /\s*/y

/**
 * Words without a key are looked for as text, all of them together; a key that stands there twice asks for either.
 * @throws CustodyError CUSTODY_ARGUMENT, for whoever typed it.
 */
export function filterOf(line: string): RowFilter {
  const given: { [key: string]: string | string[] } = {}
  const words: string[] = []
  for (const { key, value } of partsOf(line)) {
    if (key === null) words.push(value)
    else if (!Object.hasOwn(RowFilter.shape, key))
      throw wrong(
        `rows can’t be searched by \`${key}\``,
        `For a field of rows value=${key}=${value}; else ${Object.keys(RowFilter.shape).join(', ')}.`,
      )
    else {
      const before = given[key]
      given[key] = before === undefined ? value : [before, value].flat()
    }
  }
  if (words.length > 0 && given.text !== undefined)
    throw wrong(
      'words without a key are looked for as text, and there is a `text=`, too',
      'Put quotes around all of it.',
    )
  if (words.length > 0) given.text = words.join(' ')
  const { success, data, error } = RowFilter.safeParse(given)
  if (success) return data
  const { path, message } = error.issues[0] ?? { path: [], message: '' }
  throw wrong(`${path.join('.')}: ${message}`, 'As in: outcome=ROUTED min_cost_usd=0.5')
}

function partsOf(line: string): ReadonlyArray<{ readonly key: string | null; readonly value: string }> {
  const parts = []
  let at = 0
  for (;;) {
    GAP.lastIndex = at
    at += GAP.exec(line)?.[0].length ?? 0
    if (at >= line.length) return parts
    PART.lastIndex = at
    const [all = line.slice(at), key, quoted, word = ''] = PART.exec(line) ?? []
    at += all.length
    parts.push({ key: key ?? null, value: quoted === undefined ? word : quoted.replaceAll(/\\(.)/g, '$1') })
  }
}

/** The line that gives this filter. */
export function lineOf(filter: RowFilter): string {
  return Object.entries(filter)
    .flatMap(([key, value]) => [value ?? []].flat().map(each => `${key}=${inQuotes(`${each}`)}`))
    .join(' ')
}

function inQuotes(value: string): string {
  return /^[^\s"\\]+$/.test(value) ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`
}

function wrong(message: string, hint: string): CustodyError {
  return new CustodyError('CUSTODY_ARGUMENT', message, { hint })
}
