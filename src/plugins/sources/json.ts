/** The `json` source: an array, one row per element, streamed. */
import { z } from 'zod'
import { defineSource } from '../../sdk/define.ts'
import type { PluginContext } from '../../sdk/spec.ts'
import { missingForStorage } from '../stores/options.ts'
import { type InputPlace, inputName, sourceError } from './byte-reader.ts'
import { COMMON_ERRORS, type FileFormat, FileSource, type FileSourceSettings, MAX_RECORD_UNITS } from './file-source.ts'
import { foreignToJson } from './foreign-input.ts'
import { JsonNavigator, PointerError, pointerTokens } from './json-pointer.ts'
import { JSON_FILE_ERRORS, JsonScanner } from './json-scanner.ts'
import { JSON_VALUE_ERRORS, type RecordsAs, recordsAs } from './json-value.ts'
import { openFiles } from './open-files.ts'
import { checkFileOptions, fieldsAdded, fileOptions, filesNamed, isOneFile, isReadable } from './options.ts'
import type { TextWindow } from './text-window.ts'

const jsonOptions = z.strictObject({
  ...fileOptions,
  pointer: z
    .string()
    .default('')
    .refine(pointer => pointerTokens(pointer) !== null, {
      error: 'not a JSON Pointer; write the keys with a slash before each, as in /data/items',
    })
    .describe('Where the array is, if it is a part of a larger value: a JSON Pointer such as /data/items'),
})
type JsonOptions = z.infer<typeof jsonOptions>

export function jsonFile(
  place: InputPlace,
  pointer: string,
  as: RecordsAs,
  max_units = MAX_RECORD_UNITS,
  settings: FileSourceSettings = {},
): FileSource {
  const tokens = pointerTokens(pointer) ?? []
  const options = { max_units, as, partial: tokens.length > 0 }
  let line = 1
  const format: FileFormat = {
    foreign: foreignToJson,
    async head(window) {
      line = await goTo(window, tokens, place)
      return null
    },
    begin: (_window, from) => new JsonScanner(options, from?.line ?? line, from),
    again: text => ({ scanner: new JsonScanner({ ...options, partial: false }, 1, null), text: `[${text}]` }),
  }
  return new FileSource(place, format, settings)
}

/** @returns the line of the value. @throws CustodyError CUSTODY_SOURCE if the pointer leads nowhere. */
async function goTo(window: TextWindow, tokens: readonly string[], place: InputPlace): Promise<number> {
  const navigator = new JsonNavigator(window)
  try {
    await navigator.follow(tokens)
  } catch (error) {
    if (!(error instanceof PointerError)) throw error
    const message = `${inputName(place)} has nothing at /${tokens.join('/')}: line ${navigator.line}, ${error.message}`
    throw sourceError(place, message, 'Check the pointer against the file.', error)
  }
  return navigator.line
}

export const jsonSource = defineSource({
  name: 'json',
  summary: 'Reads a JSON array, one row per element',
  description: [
    'The array is read element by element, in memory that does not grow with it. A single object is one row.',
    '',
    'An element that is no object, that is no JSON, or that other readers would read differently (duplicate keys, integers',
    'beyond ±2^53, halves of surrogate pairs) is rejected with its line and text; reading continues behind it, as long as',
    'brackets show where it ends. If the structure itself is broken, or the file was cut off, one last reject says so.',
  ].join('\n'),
  options: jsonOptions,
  determinism: 'deterministic',
  errors: { ...JSON_FILE_ERRORS, ...JSON_VALUE_ERRORS, ...COMMON_ERRORS },
  examples: [
    { title: 'An array of objects', options: { path: 'data/claims.json' } },
    { title: 'An array inside an answer', options: { path: 'answer.json', pointer: '/data/items' } },
  ],
  check: checkFileOptions,
  rereadable: isReadable,
  uncut: isOneFile,
  missing: missingForStorage,
  reads: filesNamed,
  textual: false,
  adds: fieldsAdded,
  create(options: JsonOptions, context: PluginContext) {
    const as = recordsAs(context.input)
    return openFiles(options, context, (place, settings) =>
      jsonFile(place, options.pointer, as, MAX_RECORD_UNITS, settings),
    )
  },
})
