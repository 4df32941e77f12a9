/** The survey of a table, by the way of reading that rejects fewest of its records: what its beginning didn't show, the rest may. */
import { isCustodyError } from '../model/error.ts'
import { grouped } from '../model/number-text.ts'
import type { Options, Reading } from './reading.ts'
import { surveyTable, type TableSurvey } from './survey.ts'

export interface BestSurvey {
  readonly survey: TableSurvey
  readonly doubts: readonly string[]
}

const QUOTE_CODES = ['CSV_QUOTE', 'CSV_UNTERMINATED']
const LAZY = { quote_style: 'lazy' }
const NO_QUOTES = { quote: 'none' }
const TO_THE_END = { on_unclosed_quote: 'reject' }

/** @throws CustodyError as the source does. */
export async function bestSurvey(reading: Reading): Promise<BestSurvey> {
  const first = await attempt(reading)
  const quoted = await withoutQuoteProblems(reading, first)
  const { survey } = quoted
  const ragged = survey.rejects.codes.get('CSV_RAGGED') ?? 0
  if (!isHabit(ragged, survey.records)) return quoted
  const padded = await attempt({ ...reading, options: { ...survey.options, ragged: 'pad' } })
  if (padded === null || padded.rejects.count * 2 > survey.rejects.count) return quoted
  const filled = survey.rejects.count - padded.rejects.count
  const doubt = `whether records may lack cells at their end: ${grouped(filled)} of ${grouped(survey.records)} do, and get nulls for them; if not, remove ragged`
  return { survey: padded, doubts: [...quoted.doubts, doubt] }
}

/** Whether so many records are wrong that it is how the file is written, and no accident. */
function isHabit(ragged: number, records: number): boolean {
  return ragged * 10 >= records && (ragged >= 5 || (ragged >= 2 && ragged * 4 >= records))
}

/** @param first null if the file ends inside quotes */
async function withoutQuoteProblems(reading: Reading, first: TableSurvey | null): Promise<BestSurvey> {
  if (first !== null && quoteProblems(first) === 0) return { survey: first, doubts: [] }
  let best = first
  for (const change of [LAZY, NO_QUOTES, TO_THE_END]) {
    if (!isOpen(reading.options, change) || (change === TO_THE_END && best !== null)) continue
    const other = await attempt({ ...reading, options: { ...reading.options, ...change } })
    // Quotes that are part of cells were to quote them.
    if (other === null || (change === NO_QUOTES && other.columns_seen.some(({ in_quotes }) => in_quotes > 0))) continue
    if (best === null || other.rejects.count < best.rejects.count) best = other
  }
  // With what rejects all to the end of the file there is always one.
  const survey = best ?? (await surveyTable({ ...reading, options: { ...reading.options, ...TO_THE_END } }))
  return { survey, doubts: [doubtOf(survey)] }
}

function isOpen(options: Options, change: Options): boolean {
  return Object.keys(change).every(option => !(option in options)) && options.quote !== 'none'
}

function quoteProblems({ rejects }: TableSurvey): number {
  return QUOTE_CODES.reduce((sum, code) => sum + (rejects.codes.get(code) ?? 0), 0)
}

function doubtOf({ options }: TableSurvey): string {
  if ('on_unclosed_quote' in options) return 'where its last record ends: a quote is opened and never closed'
  return options.quote === 'none'
    ? 'whether quotes have a meaning: they stand within cells only, and are taken for text'
    : 'how quotes are meant: some stand where none may be'
}

/** null if the file ends inside quotes. */
async function attempt(reading: Reading): Promise<TableSurvey | null> {
  try {
    return await surveyTable(reading)
  } catch (error) {
    if (isCustodyError(error) && error.code === 'CUSTODY_UNCLOSED_QUOTE') return null
    throw error
  }
}
