/** A transform to begin with. */
import type { PluginTemplate } from './kind.ts'

export const TRANSFORM: PluginTemplate = {
  source: `import { defineTransform, oneRow, rowError } from 'custody/sdk'
import { z } from 'zod'

export default defineTransform({
  name: 'NAME',
  summary: 'Makes a text upper case',
  options: z.strictObject({
    field: z.string().describe('The field with the text'),
  }),
  // The same row gives the same result, so that a replay needs no record of it.
  determinism: 'deterministic',
  errors: { NOT_TEXT: 'The field has no text.' },
  examples: [
    { title: 'A name', options: { field: 'name' }, rows_in: [{ name: 'ada' }], rows_out: [{ name: 'ADA' }] },
    { title: 'A number', options: { field: 'name' }, rows_in: [{ name: 7 }], rows_out: [], errors: ['NOT_TEXT'] },
  ],
  cardinality: 'one',
  // Checked before a run: a pipeline whose rows can't have this field is refused.
  requires: ({ field }) => [{ field, path: ['field'] }],
  // No field's presence or type changes.
  guarantees: (_options, input) => input,
  create: ({ field }) => ({
    process: row => {
      const text = row[field]
      // Bad data is an error of the row, and never thrown: whoever throws stops the run.
      if (typeof text !== 'string') return rowError('NOT_TEXT', \`\${field} has no text\`, { field })
      return oneRow({ ...row, [field]: text.toUpperCase() })
    },
  }),
})
`,
  test: `test('letters that become two', async () => {
  const { create } = plugin
  const made = await create({ field: 'name' }, { node: 'test', folder: '.', input: OBSERVED, secrets: [] })
  const result = await made.process({ name: 'straße' }, visitContext())
  assert.deepEqual(result, { kind: 'row', row: { name: 'STRASSE' } })
})
`,
  pipeline: `name: example
plugins: [../src/index.ts]
defaults: { on_error: problems, on_invalid: problems }
sources:
  people: { plugin: csv, options: { path: people.csv }, to: work }
nodes:
  work: { transform: NAME, options: { field: name }, to: done }
sinks:
  done: { plugin: jsonl, options: { path: out/done.jsonl, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: replace }, on_error: discard }
`,
  cases: `cases:
  - name: a name becomes upper case
    rows: { people: [{ id: 1, name: ada }] }
    expect: { sinks: { done: [{ name: ADA }] }, errors: [] }

  - name: no name is a problem
    rows: { people: [{ id: 2, name: null }] }
    expect: { sinks: { done: [] }, errors: [{ row: 1, node: work, code: NOT_TEXT }] }
`,
  data: { 'people.csv': 'id,name\n1,ada\n2,\n3,grace\n' },
}
