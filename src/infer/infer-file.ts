/** What one file is: its format, how it is written, what its fields hold, and how many of its records a run will reject. */
import type { JsonSchema, RowSchema } from '../model/schema.ts'
import { isPattern } from '../plugins/sources/file-pattern.ts'
import { exactSchema } from '../sdk/exact-numbers.ts'
import { decideField } from './decide-values.ts'
import { declared } from './declarable.ts'
import { encodingDoubts } from './encoding-doubts.ts'
import type { FieldFinding, FileFinding, Found } from './finding.ts'
import { type Format, formatOf, type Known } from './format.ts'
import { inferTable } from './infer-table.ts'
import { pathFrom } from './names.ts'
import { type Reading, readWhole } from './reading.ts'
import { type Sample, takeSample } from './sample.ts'
import { MOST_FIELDS, surveyValues } from './survey.ts'

/**
 * @param path absolute @param folder of the pipeline, absolute @param source its name there
 * @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_ARGUMENT, CUSTODY_INPUT_FORMAT, CUSTODY_NOTHING_THERE, CUSTODY_SOURCE.
 */
export async function inferFile(path: string, folder: string, source: string, known: Known): Promise<FileFinding> {
  const sample = await takeSample(path)
  const format = await formatOf(sample, known)
  const named = pathFrom(folder, path)
  const place = {
    path: named,
    ...(isPattern(named) ? { literal: true } : {}),
    ...(sample.named ? {} : { compression: sample.compression ?? 'none' }),
  }
  const found = await findOut(sample, format, { plugin: format.kind, options: place, folder }, known)
  const { records, rejects, warnings } = await readWhole(
    { plugin: format.kind, options: found.options, folder },
    schemaOf(found),
  )
  const { count, codes, first } = rejects
  return {
    path: place.path,
    source,
    plugin: format.kind,
    options: found.options,
    mode: found.mode,
    records,
    rejected: { count, codes: Object.fromEntries(codes), first },
    fields: found.fields,
    doubts: [...found.doubts, ...warnings],
  }
}

function findOut(sample: Sample, format: Format, reading: Reading, known: Known): Promise<Found> {
  switch (format.kind) {
    case 'csv':
      return inferTable(sample, format.dialect, reading, known.header ?? null)
    case 'json': {
      const { pointer, others } = format
      const options = { ...reading.options, ...(pointer === '' ? {} : { pointer }) }
      return inferValues({ ...reading, options }, placeDoubts(pointer, others))
    }
    case 'jsonl':
      return inferValues(reading, [])
    case 'text':
      return inferText(sample, reading)
  }
}

function placeDoubts(pointer: string, others: readonly string[]): readonly string[] {
  if (others.length === 0) return []
  const places = [pointer, ...others.slice(0, MOST_PLACES)].join(', ')
  return [`which of its arrays holds the records: ${places}; the one with most was taken, set pointer to take another`]
}

const MOST_PLACES = 5

async function inferValues(reading: Reading, doubts: readonly string[]): Promise<Found> {
  const { columns_seen, rows, overflown } = await surveyValues(reading)
  if (overflown) {
    const doubt = `what its fields are: there are more than ${MOST_FIELDS}, so none is declared`
    return { options: reading.options, mode: 'observed', fields: [], doubts: [...doubts, doubt] }
  }
  const found = declared(columns_seen.map(column => decideField(column, rows)))
  return { ...found, options: reading.options, doubts: [...doubts, ...found.doubts] }
}

async function inferText(sample: Sample, reading: Reading): Promise<Found> {
  const { label, kind } = sample.encoding
  const options = { ...reading.options, ...(kind === 'guess' ? { encoding: label } : {}) }
  const field: FieldFinding = {
    field: 'text',
    types: ['string'],
    optional: false,
    unique: false,
    remarks: ['a line each'],
    doubts: [],
  }
  return { options, mode: 'fixed', fields: [field], doubts: encodingDoubts(sample) }
}

function schemaOf({ mode, fields }: Found): RowSchema {
  return {
    fields: new Map(fields.map(field => [field.field, { schema: schemaOfField(field), optional: field.optional }])),
    closed: mode === 'fixed',
    observed: mode === 'observed',
  }
}

function schemaOfField({ types, optional }: FieldFinding): JsonSchema {
  const [only] = types
  if (only === undefined) return {}
  if (types.length === 1) return exactSchema(only) ?? { type: only }
  return { type: optional ? [...types, 'null'] : types }
}
