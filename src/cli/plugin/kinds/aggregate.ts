/** An aggregate to begin with. */
import type { PluginTemplate } from './kind.ts'

export const AGGREGATE: PluginTemplate = {
  source: `import { defineAggregate, rowError } from 'custody/sdk'
import { z } from 'zod'

export default defineAggregate({
  name: 'NAME',
  summary: 'Finds the longest text of a batch',
  options: z.strictObject({
    field: z.string().describe('The field with the text'),
  }),
  determinism: 'deterministic',
  errors: { NO_TEXT: 'No row of the batch has a text.' },
  examples: [
    {
      title: 'Three words',
      options: { field: 'word' },
      rows_in: [{ word: 'on' }, { word: 'record' }, { word: null }],
      rows_out: [{ count: 3, longest: 'record' }],
    },
    { title: 'None', options: { field: 'word' }, rows_in: [{ word: null }], rows_out: [], errors: ['NO_TEXT'] },
  ],
  // \`transform\`: new rows are born of the batch. \`passthrough\`: each member comes out again, or is dropped.
  outputs: ['transform'],
  requires: ({ field }) => [{ field, path: ['field'] }],
  // What leaves has these two fields, and no others: gates and sinks behind it are checked against that.
  guarantees: () => ({
    fields: new Map([
      ['count', { schema: { type: 'integer' }, optional: false }],
      ['longest', { schema: { type: 'string' }, optional: false }],
    ]),
    closed: true,
    observed: false,
  }),
  create: ({ field }) => ({
    // When a batch is full, or old enough, is the pipeline's to say.
    process: rows => {
      const texts = rows.map(row => row[field]).filter(value => typeof value === 'string')
      if (texts.length === 0) return rowError('NO_TEXT', \`no \${field} of the batch is a text\`, { field })
      const longest = texts.reduce((best, text) => (text.length > best.length ? text : best))
      return { kind: 'rows', rows: [{ count: rows.length, longest }] }
    },
  }),
})
`,
  test: `test('of two that are as long the first counts', async () => {
  const { create } = plugin
  const made = await create({ field: 'word' }, { node: 'test', folder: '.', input: OBSERVED, secrets: [] })
  const result = await made.process([{ word: 'one' }, { word: 'two' }], visitContext())
  assert.deepEqual(result, { kind: 'rows', rows: [{ count: 2, longest: 'one' }] })
})
`,
  pipeline: `name: example
plugins: [../src/index.ts]
defaults: { on_error: problems, on_invalid: problems }
sources:
  words: { plugin: csv, options: { path: words.csv }, to: batch }
nodes:
  batch: { aggregate: NAME, options: { field: word }, trigger: { count: 2 }, to: done }
sinks:
  done: { plugin: jsonl, options: { path: out/done.jsonl, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: replace }, on_error: discard }
`,
  cases: `cases:
  - name: the longest word of each batch
    rows: { words: [{ word: on }, { word: record }, { word: and }] }
    expect: { sinks: { done: [{ count: 2, longest: record }, { count: 1, longest: and }] }, errors: [] }

  - name: a batch without a word is a problem
    rows: { words: [{ word: null }] }
    expect: { sinks: { done: [], problems: [{ word: null }] } }
`,
  data: { 'words.csv': 'id,word\n1,on\n2,record\n3,and\n4,proven\n5,\n' },
}
