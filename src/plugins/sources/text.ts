/** The `text` source: one row per line, or one for the whole file. */
import { z } from 'zod'
import { type Json, newRow, type Row } from '../../model/row.ts'
import { defineSource } from '../../sdk/define.ts'
import type { OptionProblem, PluginContext, SecretOption, SourceRecord } from '../../sdk/spec.ts'
import { missingForStorage } from '../stores/options.ts'
import type { InputPlace } from './byte-reader.ts'
import { encodingOf } from './encoding.ts'
import {
  COMMON_ERRORS,
  encodingProblem,
  excerpt,
  type FileFormat,
  FileSource,
  type FileSourceSettings,
  MAX_RECORD_UNITS,
  type RecordScanner,
  tooLongProblem,
} from './file-source.ts'
import { LineCounter } from './line-counter.ts'
import { LineScanner } from './line-scanner.ts'
import { rejectRecord } from './one-file.ts'
import { openFiles } from './open-files.ts'
import {
  checkFileOptions,
  encodingOption,
  fieldsAdded,
  fileOptions,
  filesNamed,
  isOneFile,
  isOnePacked,
  isReadable,
} from './options.ts'
import type { TextWindow } from './text-window.ts'

const textOptions = z.strictObject({
  ...fileOptions,
  field: z.string().default('text').describe('The field that holds the text'),
  whole: z.boolean().default(false).describe('One row for the whole file instead of one per line; up to 16 MiB'),
  encoding: encodingOption,
})
type TextOptions = z.infer<typeof textOptions>

function rowOf(field: string, text: string): Row {
  const row = newRow()
  row[field] = text
  return row
}

/** The whole input is one record. */
class WholeScanner implements RecordScanner {
  readonly #field: string
  readonly #max_units: number
  #done: boolean
  #beginning: string | null = null

  constructor(field: string, max_units: number, done: boolean) {
    this.#field = field
    this.#max_units = max_units
    this.#done = done
  }

  scan(window: TextWindow, out: SourceRecord[]): void {
    const size = window.text.length
    if (this.#done || this.#beginning !== null || size > this.#max_units) {
      if (!this.#done) this.#beginning ??= excerpt(window, 0, this.#max_units)
      window.at = size
    }
    if (!window.ended || this.#done) return
    this.#done = true
    window.at = size
    out.push(this.#record(window, this.position(window)))
  }

  position(window: TextWindow): Json {
    return { offset: window.end, line: 1 }
  }

  #record(window: TextWindow, position: Json): SourceRecord {
    if (this.#beginning !== null) return rejectRecord(1, this.#beginning, tooLongProblem(this.#max_units), position)
    const size = window.text.length
    const text = window.decode(0, size)
    if (text === null) {
      return rejectRecord(1, window.decodeLossy(0, size), encodingProblem(window, 0, size), position)
    }
    return { kind: 'row', line: 1, row: rowOf(this.#field, text), position }
  }
}

export function textFile(
  place: InputPlace,
  options: Omit<TextOptions, keyof typeof fileOptions>,
  max_units = MAX_RECORD_UNITS,
  settings: FileSourceSettings = {},
): FileSource {
  const { field, whole } = options
  const format: FileFormat = {
    begin: (_window, from) =>
      whole
        ? new WholeScanner(field, max_units, from !== null)
        : new LineScanner(from?.line ?? 1, max_units, false, text => ({ row: rowOf(field, text) })),
    ...(whole ? {} : { counter: () => new LineCounter(max_units, false) }),
    // What is rejected here was too long or not valid in the encoding: its text isn’t all there.
    again: () => null,
  }
  const encoding = encodingOf(options.encoding)
  return new FileSource(place, format, encoding === null ? settings : { ...settings, encoding })
}

function checkTextOptions(options: TextOptions, secrets: readonly SecretOption[]): readonly OptionProblem[] {
  const problems = checkFileOptions(options, secrets)
  if (options.path_field !== options.field) return problems
  return [...problems, { path: ['path_field'], message: `${options.field} is the field that holds the text` }]
}

export const textSource = defineSource({
  name: 'text',
  summary: 'Reads a text file, one row per line',
  description: [
    'Lines end at LF or CRLF, which are not part of the text. Blank lines are rows too. The line’s number is part of the',
    'row’s origin, not of its data.',
  ].join('\n'),
  options: textOptions,
  determinism: 'deterministic',
  errors: COMMON_ERRORS,
  examples: [
    { title: 'Log lines', options: { path: 'data/server.log', field: 'message' } },
    { title: 'A letter', options: { path: 'letter.txt', whole: true } },
  ],
  check: checkTextOptions,
  rereadable: isReadable,
  uncut: options => (options.whole ? isOneFile(options) : isOnePacked(options)),
  missing: missingForStorage,
  reads: filesNamed,
  textual: false,
  adds: fieldsAdded,
  yields: options => ({
    fields: new Map([[options.field, { schema: { type: 'string' }, optional: false }]]),
    closed: true,
    observed: false,
  }),
  create: (options: TextOptions, context: PluginContext) =>
    openFiles(options, context, (place, settings) => textFile(place, options, MAX_RECORD_UNITS, settings)),
})
