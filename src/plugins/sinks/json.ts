/** The `json` sink: one array, an element per row. */
import { z } from 'zod'
import type { Json, Row } from '../../model/row.ts'
import { defineSink } from '../../sdk/define.ts'
import { flatErrors } from '../../sdk/error-row.ts'
import { storageOption } from '../stores/options.ts'
import { checkOutput, fileOutput } from './file-output.ts'
import type { RowFormat } from './file-sink.ts'
import { jsonText } from './json-text.ts'
import { flatErrorsOption, immediateOf, maxFilesOption, pathOption, writtenBy } from './options.ts'
import { compressionOption } from './packing.ts'
import { PATH_ERRORS, pathRequirements } from './path-template.ts'

const jsonOptions = z.strictObject({
  path: pathOption,
  storage: storageOption,
  if_exists: z
    .enum(['fail', 'replace', 'number'])
    .default('fail')
    .describe('What to do if the file is there: stop, replace it at the end of the run, or take `name-1`'),
  compression: compressionOption,
  max_files: maxFilesOption,
  flat_errors: flatErrorsOption,
})

type ArrayState = { readonly begun: boolean }
const BEGUN: ArrayState = { begun: true }
const NOT_BEGUN: ArrayState = { begun: false }

class ArrayFormat implements RowFormat {
  readonly #flat: boolean
  #begun = false

  constructor(flat: boolean) {
    this.#flat = flat
  }

  begin(state: Json): void {
    this.#begun = (state as ArrayState | null)?.begun ?? false
  }

  row(row: Row): string {
    const text = jsonText(this.#flat ? flatErrors(row) : row)
    if (this.#begun) return `,\n${text}`
    this.#begun = true
    return `[\n${text}`
  }

  end(): string {
    return this.#begun ? '\n]\n' : '[]\n'
  }

  state(): Json {
    return this.#begun ? BEGUN : NOT_BEGUN
  }
}

export const jsonSink = defineSink({
  name: 'json',
  summary: 'Writes a JSON array, an element per row',
  description: [
    'The array is written beside the target and renamed at the end of the run: an array without its end is of no use.',
    'So nothing can be appended to one; use `jsonl` for that. Without rows the array is empty.',
  ].join('\n'),
  options: jsonOptions,
  determinism: 'deterministic',
  errors: PATH_ERRORS,
  check: checkOutput,
  requires: ({ path }) => pathRequirements(path),
  immediate: immediateOf,
  writes: writtenBy,
  examples: [
    { title: 'A file that is renewed by each run', options: { path: 'out/summary.json', if_exists: 'replace' } },
  ],
  ...fileOutput<z.output<typeof jsonOptions>>({
    appendable: () => false,
    formats:
      ({ flat_errors }) =>
      () =>
        new ArrayFormat(flat_errors),
  }),
})
