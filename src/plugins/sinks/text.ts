/** The `text` sink: one field of each row, a line each. */
import { z } from 'zod'
import type { Row } from '../../model/row.ts'
import { defineSink } from '../../sdk/define.ts'
import { flatErrors, flatNames } from '../../sdk/error-row.ts'
import { rowError } from '../../sdk/results.ts'
import type { RowError } from '../../sdk/spec.ts'
import { storageOption } from '../stores/options.ts'
import { checkOutput, fileOutput } from './file-output.ts'
import { LineFormat } from './line-format.ts'
import { flatErrorsOption, ifExistsOption, immediateOf, maxFilesOption, pathOption, writtenBy } from './options.ts'
import { compressionOption } from './packing.ts'
import { PATH_ERRORS, pathRequirements } from './path-template.ts'

const textOptions = z.strictObject({
  path: pathOption,
  storage: storageOption,
  if_exists: ifExistsOption,
  compression: compressionOption,
  max_files: maxFilesOption,
  field: z.string().default('text').describe('The field that is written'),
  flat_errors: flatErrorsOption,
})

function lineOf(row: Row, field: string): string | RowError {
  const value = row[field]
  if (typeof value === 'string') return `${value}\n`
  if (typeof value === 'number' || typeof value === 'boolean') return `${value}\n`
  const what = value === undefined ? 'is missing' : value === null ? 'is null' : 'has parts, and is no text'
  return rowError('TEXT_FIELD', `the field ${JSON.stringify(field)} ${what}`, { field })
}

export const textSink = defineSink({
  name: 'text',
  summary: 'Writes one field of each row, a line each',
  description: 'The field must be a text, a number or a boolean. Line breaks in a text are written as they are.',
  options: textOptions,
  determinism: 'deterministic',
  check: checkOutput,
  immediate: immediateOf,
  writes: writtenBy,
  errors: { TEXT_FIELD: 'The field that is to be written is missing, null, or has parts.', ...PATH_ERRORS },
  examples: [{ title: 'Letters', options: { path: 'out/letters.txt', field: 'letter' } }],
  requires: ({ path, field, flat_errors }) => [
    ...pathRequirements(path),
    ...(flat_errors && flatNames().includes(field)
      ? []
      : [{ field, types: ['string', 'number', 'integer', 'boolean'] as const, path: ['field'] }]),
  ],
  ...fileOutput<z.output<typeof textOptions>>({
    appendable: () => true,
    formats: options => () => new LineFormat(row => lineOf(options.flat_errors ? flatErrors(row) : row, options.field)),
  }),
})
