/** A file of cells: how it is written, by its beginning, and what its columns hold, by all of it. */
import { normaliseName, numberedColumns } from '../plugins/sources/csv-header.ts'
import { scanRecords } from './candidate.ts'
import { kindOf } from './cell-kind.ts'
import { decideTable, type TableFinding } from './decide.ts'
import { declared } from './declarable.ts'
import type { Dialect } from './dialect.ts'
import { encodingDoubts } from './encoding-doubts.ts'
import { shown } from './examples.ts'
import type { Found } from './finding.ts'
import type { Known } from './format.ts'
import { guessHeader, type HeaderGuess } from './header.ts'
import type { Look } from './look.ts'
import type { Options, Reading } from './reading.ts'
import { type Sample, windowOf } from './sample.ts'
import { bestSurvey } from './survey-table.ts'
import { list } from './yaml.ts'

/** How a table is written. */
interface Layout {
  readonly delimiter: string
  readonly quote: string | null
  readonly lazy: boolean
  readonly comment: string | null
  readonly skip_lines: number
  readonly header: HeaderGuess
  /** Line of the first record, from 1. */
  readonly line: number
  /** Columns. */
  readonly width: number
}

/** @param dialect null for a table of one column */
export async function tableLook(
  sample: Sample,
  dialect: Dialect | null,
  { delimiter, header }: Known,
): Promise<Pick<Look, 'written' | 'doubts' | 'find'>> {
  const layout = dialect === null ? await oneColumn(sample, delimiter) : layoutOf(dialect)
  const known = header === undefined ? layout : { ...layout, header: { header, doubt: null } }
  // Without a header a schema will name the columns; until there is one, an option does.
  const columns = known.header.header ? {} : { columns: numberedColumns(known.width) }
  return {
    written: layoutOptions(sample, known, dialect?.said === true),
    doubts: [...encodingDoubts(sample), ...nowhere(dialect, delimiter), ...layoutDoubts(known, dialect)],
    find: reading => findColumns({ ...reading, options: { ...reading.options, ...columns } }, known.delimiter),
  }
}

async function findColumns(reading: Reading, delimiter: string): Promise<Found> {
  const { survey, doubts } = await bestSurvey(reading)
  const { columns: _, ...options } = survey.options
  const table = decideTable(survey.columns_seen, delimiter)
  const found = declared(table.fields)
  return {
    ...found,
    options: { ...options, ...valueOptions(table) },
    doubts: [...doubts, ...table.doubts, ...found.doubts],
  }
}

function layoutOf({ candidate, skip_lines, records, width }: Dialect): Layout {
  const [first, ...rest] = records.flatMap(({ cells }) => (cells === null ? [] : [cells.slice(0, width)]))
  const line = records[0]?.line ?? 1
  return { ...candidate, skip_lines, line, width, header: guessHeader(first ?? [], rest) }
}

const DELIMITERS = [',', ';', '\t', '|', '\u001f']

/** Between its cells stands what stands nowhere in it, unless somebody has said what does. */
async function oneColumn(sample: Sample, said: string | undefined): Promise<Layout> {
  const window = await windowOf(sample)
  const delimiter = said ?? DELIMITERS.find(each => !window.text.includes(each)) ?? ','
  const candidate = { delimiter, quote: '"', lazy: false, comment: null }
  const records = scanRecords(window, { at: 0, line: 1, whole: sample.whole }, candidate)
  const [first, ...rest] = records.flatMap(({ cells }) => (cells === null ? [] : [cells]))
  return { ...candidate, skip_lines: 0, line: records[0]?.line ?? 1, width: 1, header: guessHeader(first ?? [], rest) }
}

/** Only what isn’t the source’s default. */
function layoutOptions({ encoding }: Sample, layout: Layout, said: boolean): Options {
  const { delimiter, quote, lazy, comment, skip_lines, header } = layout
  return {
    ...(delimiter === ',' || said ? {} : { delimiter: delimiter === '\t' ? 'tab' : delimiter }),
    ...(quote === '"' ? {} : { quote: quote ?? 'none' }),
    ...(lazy ? { quote_style: 'lazy' } : {}),
    ...(encoding.kind === 'guess' ? { encoding: encoding.label } : {}),
    ...(skip_lines > 0 ? { skip_lines } : {}),
    ...(comment === null ? {} : { comment }),
    ...(header.header ? {} : { header: false }),
  }
}

function valueOptions({ null_values, true_values, false_values, convention, fields }: TableFinding): Options {
  const dates = fields.flatMap(({ field, date_format }) => (date_format === undefined ? [] : [[field, date_format]]))
  return {
    ...(null_values.length > 0 ? { null_values } : {}),
    ...(true_values.length > 0 ? { true_values } : {}),
    ...(false_values.length > 0 ? { false_values } : {}),
    ...(convention.decimal === '.' ? {} : { decimal: convention.decimal }),
    ...(convention.thousands === undefined ? {} : { thousands: convention.thousands }),
    ...(dates.length > 0 ? { date_format: Object.fromEntries(dates) } : {}),
  }
}

const nowhere = (dialect: Dialect | null, said: string | undefined): readonly string[] =>
  dialect === null && said !== undefined
    ? [`whether cells end at ${shown(said)}, as was said: there is one column then`]
    : []

/** Names of all columns, where those of all but the first stand before the records; null where they don't. */
function shiftedHeader(dialect: Dialect | null): readonly string[] | null {
  const names = (dialect?.before ?? []).flatMap(cell => (kindOf(cell) === 'text' ? [normaliseName(cell ?? '', 0)] : []))
  // One alone is more likely a title.
  if (names.length < 2 || names.length !== (dialect?.width ?? 0) - 1) return null
  return new Set(names).size === names.length && !names.includes(ROW_NAME) ? [ROW_NAME, ...names] : null
}

const ROW_NAME = 'row_name'

function layoutDoubts({ header, line, skip_lines, delimiter }: Layout, dialect: Dialect | null): readonly string[] {
  const doubts: string[] = []
  const rival = dialect?.rival ?? null
  if (rival !== null)
    doubts.push(`what stands between cells: ${shown(delimiter)} was taken, ${shown(rival)} would do, too`)
  const shifted = header.header ? null : shiftedHeader(dialect)
  if (shifted !== null)
    doubts.push(
      `whether what stands before line ${line} names the columns: it has one cell less than the records, as where R writes names of rows; if so, set columns: ${list(shifted)}`,
    )
  else if (skip_lines > 0) doubts.push(`whether the table begins in line ${line}: what stands before is skipped`)
  if (dialect?.candidate.quote === null)
    doubts.push('whether quotes have a meaning: some stand where none may be, so they are taken for text')
  if (dialect?.candidate.lazy === true)
    doubts.push('how quotes are meant: blanks around them are left out, and a backslash takes one for text')
  if (header.doubt !== null) {
    const [is, other] = header.header ? ['names the columns', 'header: false'] : ['is a record', 'header: true']
    doubts.push(`whether line ${line} ${is}: ${header.doubt}; if not, set ${other}`)
  }
  return doubts
}
