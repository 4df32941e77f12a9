/** The `jsonl` sink: JSON Lines, one object per line. */
import { z } from 'zod'
import { defineSink } from '../../sdk/define.ts'
import { flatErrors } from '../../sdk/error-row.ts'
import { FileSink } from './file-sink.ts'
import { jsonText } from './json-text.ts'
import { LineFormat } from './line-format.ts'
import { flatErrorsOption, ifExistsOption, immediateOf, pathOption } from './options.ts'
import { checkPacked, compressionOption, packOf } from './packing.ts'
import { targetIn } from './target.ts'

const jsonlOptions = z.strictObject({
  path: pathOption,
  if_exists: ifExistsOption,
  compression: compressionOption,
  flat_errors: flatErrorsOption,
})

export const jsonlSink = defineSink({
  name: 'jsonl',
  summary: 'Writes JSON Lines, one object per line',
  description:
    'Fields stand in the row’s order; nulls are written. Whole numbers beyond 2^53 − 1 are written as decimals (`1e+16`).',
  options: jsonlOptions,
  determinism: 'deterministic',
  errors: {},
  check: checkPacked,
  immediate: immediateOf,
  examples: [
    { title: 'A new file', options: { path: 'out/problems.jsonl' } },
    { title: 'Compressed', options: { path: 'out/all.jsonl.gz' } },
    { title: 'Behind what is there', options: { path: 'out/log.jsonl', if_exists: 'append' } },
  ],
  create: (options, context) =>
    new FileSink(
      targetIn(context, { ...options, appendable: packOf(options) === null }),
      new LineFormat(row => `${jsonText(options.flat_errors ? flatErrors(row) : row)}\n`),
      packOf(options),
    ),
})
