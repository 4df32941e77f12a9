/** The rows that a filter lets through, as a file: a line for each ending, with the data as it was then. */
import { isObject, type Json } from '../../model/row.ts'
import type { CourseToken } from '../../read/fold/course.ts'
import type { Teller } from './answering.ts'
import type { Streamed } from './asked.ts'
import type { Moment } from './moment.ts'
import { mustHaveValues } from './no-values.ts'
import type { ReadRow } from './row-lines.ts'
import { rowsOf } from './rows.ts'

/** A row's line has one ending; of a row that has none, `null`s stand in its place. */
interface EndedLine {
  readonly row: number
  readonly source: string
  readonly index: number
  readonly token: number | null
  readonly outcome: string | null
  readonly cause: string | null
  readonly node: string | null
  readonly sink: string | null
  readonly error_code: string | null
  readonly branch: string | null
  /** null: erased, or nothing is known of it. */
  readonly data: Json
}

const PAGE_ROWS = 500
/** Who gives it up ends its thread. */
const NEVER = new AbortController().signal

/** Answers with what it came to, once all pieces were taken. */
export async function exportRows(
  moment: Moment,
  { run: name, format, ...filter }: Streamed['export'],
  values: boolean,
  { onPiece }: Teller,
) {
  mustHaveValues('an export of rows', values)
  const { run, log, finder, lines } = await rowsOf(moment, name, filter, values)
  const csv = format === 'csv' ? new CsvText() : null
  let rows = 0
  let after: string | null = null
  do {
    const page = await finder.find(log, filter, { after, at: null, limit: PAGE_ROWS, counts: false }, NEVER)
    after = page.next
    const found = lines.of(page.entries)
    if (found.length === 0) continue
    rows += found.length
    const ended = found.flatMap(endedLines)
    const text = csv === null ? ended.map(each => `${JSON.stringify(each)}\n`).join('') : csv.text(ended)
    await onPiece({ run, rows: page.rows, text })
  } while (after !== null)
  if (rows === 0 && csv !== null) await onPiece({ run, rows: [], text: csv.text([]) })
  return { run, rows, holds: true as const }
}

function endedLines({ line, course, values }: ReadRow): readonly EndedLine[] {
  const { row, source, index, data } = line
  const of_row = { row, source, index }
  if (line.endings.length === 0)
    return [
      {
        ...of_row,
        token: null,
        outcome: null,
        cause: null,
        node: null,
        sink: null,
        error_code: null,
        branch: null,
        data,
      },
    ]
  return line.endings.toReversed().map(({ token, outcome, cause, node, sink, error_code, branch }) => ({
    ...of_row,
    ...{ token, outcome, cause, node, sink, error_code, branch },
    data: values.get(lastValue(course.tokens.get(token))),
  }))
}

/** Number of the value that a token had when it ended; 0 if there is none. */
function lastValue(token: CourseToken | undefined): number {
  const last = token?.visits.at(-1)?.fact
  return last?.out || last?.in || token?.birth.value || 0
}

const COLUMNS = ['row', 'source', 'index', 'token', 'outcome', 'cause', 'node', 'sink', 'error_code', 'branch'] as const
/** Fields that the first lines don't have stand in a last column, as one JSON object. */
const REST = 'other_fields'

class CsvText {
  /** null: no line was written yet. */
  #fields: readonly string[] | null = null

  text(lines: readonly EndedLine[]): string {
    const head = this.#fields === null
    this.#fields ??= [...new Set(lines.flatMap(({ data }) => (isObject(data) ? Object.keys(data) : [])))]
    const fields = this.#fields
    const rows = lines.map(line => {
      const data = isObject(line.data) ? line.data : {}
      const others = Object.entries(data).filter(([field]) => !fields.includes(field))
      const rest: Json = isObject(line.data) ? Object.fromEntries(others) : line.data
      return [
        ...COLUMNS.map(column => line[column]),
        ...fields.map(field => (Object.hasOwn(data, field) ? (data[field] ?? null) : null)),
        isObject(rest) && others.length === 0 ? null : rest,
      ]
    })
    const titles = [...COLUMNS, ...fields.map(field => `data.${field}`), REST]
    return [...(head ? [titles] : []), ...rows].map(cells => `${cells.map(cell).join(',')}\r\n`).join('')
  }
}

function cell(value: Json): string {
  const text = value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
