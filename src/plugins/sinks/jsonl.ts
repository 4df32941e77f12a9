/** The `jsonl` sink: JSON Lines, one object per line. */
import { z } from 'zod'
import { defineSink } from '../../sdk/define.ts'
import { flatErrors } from '../../sdk/error-row.ts'
import { storageOption } from '../stores/options.ts'
import { checkOutput, fileOutput } from './file-output.ts'
import { jsonText } from './json-text.ts'
import { LineFormat } from './line-format.ts'
import { flatErrorsOption, ifExistsOption, immediateOf, maxFilesOption, pathOption, writtenBy } from './options.ts'
import { compressionOption } from './packing.ts'
import { PATH_ERRORS, pathRequirements } from './path-template.ts'

const jsonlOptions = z.strictObject({
  path: pathOption,
  storage: storageOption,
  if_exists: ifExistsOption,
  compression: compressionOption,
  max_files: maxFilesOption,
  flat_errors: flatErrorsOption,
})

export const jsonlSink = defineSink({
  name: 'jsonl',
  summary: 'Writes JSON Lines, one object per line',
  description:
    'Fields stand in the row’s order; nulls are written. Whole numbers beyond 2^53 − 1 are written as decimals (`1e+16`).',
  options: jsonlOptions,
  determinism: 'deterministic',
  errors: PATH_ERRORS,
  check: checkOutput,
  requires: ({ path }) => pathRequirements(path),
  immediate: immediateOf,
  writes: writtenBy,
  examples: [
    { title: 'A new file', options: { path: 'out/problems.jsonl' } },
    { title: 'Compressed', options: { path: 'out/all.jsonl.gz' } },
    { title: 'A file for each region', options: { path: 'out/{{ row.region }}.jsonl' } },
    { title: 'Behind what is there', options: { path: 'out/log.jsonl', if_exists: 'append' } },
  ],
  ...fileOutput<z.output<typeof jsonlOptions>>({
    appendable: () => true,
    formats: options => () => new LineFormat(row => `${jsonText(options.flat_errors ? flatErrors(row) : row)}\n`),
  }),
})
