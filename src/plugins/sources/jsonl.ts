/** The `jsonl` source: JSON Lines, one object per line. */
import { z } from 'zod'
import { defineSource } from '../../sdk/define.ts'
import type { PluginContext } from '../../sdk/spec.ts'
import { missingForStorage } from '../stores/options.ts'
import type { InputPlace } from './byte-reader.ts'
import { COMMON_ERRORS, type FileFormat, FileSource, type FileSourceSettings, MAX_RECORD_UNITS } from './file-source.ts'
import { foreignToJsonl } from './foreign-input.ts'
import { JSON_VALUE_ERRORS, parseRow, type RecordsAs, recordsAs } from './json-value.ts'
import { LineCounter } from './line-counter.ts'
import { LineScanner } from './line-scanner.ts'
import { openFiles } from './open-files.ts'
import { checkFileOptions, fieldsAdded, fileOptions, filesNamed, isOnePacked, isReadable } from './options.ts'

const jsonlOptions = z.strictObject(fileOptions)
type JsonlOptions = z.infer<typeof jsonlOptions>

const BLANK = /^[ \t\r]*$/

export function jsonlFile(
  place: InputPlace,
  as: RecordsAs,
  max_units = MAX_RECORD_UNITS,
  settings: FileSourceSettings = {},
): FileSource {
  const meaning = (text: string) => (BLANK.test(text) ? null : parseRow(text, as.numbers))
  const format: FileFormat = {
    foreign: foreignToJsonl,
    begin: (_window, from) => new LineScanner(from?.line ?? 1, max_units, as.raw, meaning),
    counter: () => new LineCounter(max_units, true),
    again: text => ({ scanner: new LineScanner(1, max_units, as.raw, meaning), text }),
  }
  return new FileSource(place, format, settings)
}

export const jsonlSource = defineSource({
  name: 'jsonl',
  summary: 'Reads JSON Lines, one object per line',
  description: [
    'The text is UTF-8 (or UTF-16 with a byte order mark). Blank lines are skipped. A line that is no object, or that',
    'other readers would read differently (duplicate keys, integers beyond ±2^53, halves of surrogate pairs), is rejected',
    'with its line and text; reading continues behind it.',
  ].join('\n'),
  options: jsonlOptions,
  determinism: 'deterministic',
  errors: { ...JSON_VALUE_ERRORS, ...COMMON_ERRORS },
  examples: [{ title: 'A file beside the pipeline', options: { path: 'data/events.jsonl' } }],
  check: checkFileOptions,
  rereadable: isReadable,
  uncut: isOnePacked,
  missing: missingForStorage,
  reads: filesNamed,
  textual: false,
  adds: fieldsAdded,
  create(options: JsonlOptions, context: PluginContext) {
    const as = recordsAs(context.input)
    return openFiles(options, context, (place, settings) => jsonlFile(place, as, MAX_RECORD_UNITS, settings))
  },
})
