/** What the beginning of one file shows: its format, and how it is written. What its records hold is found out in a second step. */

import { decideField } from './decide-values.ts'
import { declared } from './declarable.ts'
import { encodingDoubts } from './encoding-doubts.ts'
import type { FieldFinding, Found } from './finding.ts'
import { type Format, type FormatName, formatOf, type Known } from './format.ts'
import { tableLook } from './infer-table.ts'
import type { Input } from './input.ts'
import type { Options, Reading } from './reading.ts'
import { type Sample, takeSample } from './sample.ts'
import { MOST_FIELDS, surveyValues } from './survey.ts'
import { tableFormatOf, tableOptions } from './table-file.ts'

/** Options, fields and doubts of what is read; of one file, or of several that are written alike. */
export type Find = (reading: Reading) => Promise<Found>

export interface Look {
  readonly input: Input
  readonly plugin: FormatName
  /** How it is written: options of the source. */
  readonly written: Options
  /** Whether all of its letters are those that most encodings have. */
  readonly ascii: boolean
  readonly doubts: readonly string[]
  /** Of a `reading` with these options, and the path. */
  readonly find: Find
}

/** @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_ARGUMENT, CUSTODY_INPUT_FORMAT, CUSTODY_NOTHING_THERE, CUSTODY_SOURCE, CUSTODY_PACKAGE_MISSING. */
export async function lookAt(input: Input, known: Known): Promise<Look> {
  const table = await tableFormatOf(input, known)
  if (table !== null)
    return { input, plugin: table, written: tableOptions(table, known), ascii: true, doubts: [], find: findValues }
  const sample = await takeSample(input)
  const format = await formatOf(sample, known)
  const packed = sample.named ? {} : { compression: sample.compression ?? 'none' }
  const { written, doubts, find } = await wayOf(sample, format, known)
  return { input, plugin: format.kind, written: { ...packed, ...written }, ascii: sample.ascii, doubts, find }
}

type Way = Pick<Look, 'written' | 'doubts' | 'find'>

async function wayOf(sample: Sample, format: Format, known: Known): Promise<Way> {
  switch (format.kind) {
    case 'csv':
      return await tableLook(sample, format.dialect, known)
    case 'json': {
      const { pointer, others } = format
      return { written: pointer === '' ? {} : { pointer }, doubts: placeDoubts(pointer, others), find: findValues }
    }
    case 'jsonl':
      return { written: {}, doubts: [], find: findValues }
    case 'text':
      return textLook(sample)
  }
}

function placeDoubts(pointer: string, others: readonly string[]): readonly string[] {
  if (others.length === 0) return []
  const places = [pointer, ...others.slice(0, MOST_PLACES)].join(', ')
  return [`which of its arrays holds the records: ${places}; the one with most was taken, set pointer to take another`]
}

const MOST_PLACES = 5

async function findValues(reading: Reading): Promise<Found> {
  const { columns_seen, rows, overflown } = await surveyValues(reading)
  const { options } = reading
  if (!overflown) return { ...declared(columns_seen.map(column => decideField(column, rows))), options }
  const doubts = [`what its fields are: there are more than ${MOST_FIELDS}, so none is declared`]
  return { options, mode: 'observed', fields: [], doubts }
}

function textLook(sample: Sample): Way {
  const { label, kind } = sample.encoding
  const field: FieldFinding = {
    field: 'text',
    types: ['string'],
    optional: false,
    unique: false,
    remarks: ['a line each'],
    doubts: [],
  }
  return {
    written: kind === 'guess' ? { encoding: label } : {},
    doubts: encodingDoubts(sample),
    find: async ({ options }) => ({ options, mode: 'fixed', fields: [field], doubts: [] }),
  }
}
