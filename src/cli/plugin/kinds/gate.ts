/** A gate to begin with. */
import type { PluginTemplate } from './kind.ts'

export const GATE: PluginTemplate = {
  source: `import { defineGate, rowError } from 'custody/sdk'
import { z } from 'zod'

export default defineGate({
  name: 'NAME',
  summary: 'Parts rows by the length of a text',
  options: z.strictObject({
    field: z.string().describe('The field with the text'),
    most: z.int().min(1).default(10).describe('How many characters a short text has at most'),
  }),
  determinism: 'deterministic',
  errors: { NOT_TEXT: 'The field has no text.' },
  examples: [
    {
      title: 'Short and long',
      options: { field: 'note', most: 3 },
      rows_in: [{ note: 'yes' }, { note: 'perhaps' }, { note: null }],
      labels: ['short', 'long'],
      errors: ['NOT_TEXT'],
    },
  ],
  // All that it can give: routes of a pipeline are checked against these, and need no \`else\`.
  labels: () => ['short', 'long'],
  requires: ({ field }) => [{ field, path: ['field'] }],
  create: ({ field, most }) => ({
    decide: row => {
      const text = row[field]
      if (typeof text !== 'string') return rowError('NOT_TEXT', \`\${field} has no text\`, { field })
      return { kind: 'label', label: [...text].length > most ? 'long' : 'short' }
    },
  }),
})
`,
  test: `test('characters are counted, not their bytes', async () => {
  const { create } = plugin
  const context = { node: 'test', folder: '.', input: OBSERVED, secrets: [] }
  const made = await create({ field: 'note', most: 1 }, context)
  assert.deepEqual(await made.decide({ note: '😀' }, visitContext()), { kind: 'label', label: 'short' })
})
`,
  pipeline: `name: example
plugins: [../src/index.ts]
defaults: { on_error: problems, on_invalid: problems }
sources:
  notes: { plugin: csv, options: { path: notes.csv }, to: length }
nodes:
  length: { gate: { plugin: NAME, options: { field: note, most: 8 } }, routes: { short: short, long: long } }
sinks:
  short: { plugin: jsonl, options: { path: out/short.jsonl, if_exists: replace } }
  long: { plugin: jsonl, options: { path: out/long.jsonl, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: replace }, on_error: discard }
`,
  cases: `cases:
  - name: texts are parted by their length
    rows: { notes: [{ note: fine }, { note: call after five }] }
    expect: { sinks: { short: [{ note: fine }], long: [{ note: call after five }] }, errors: [] }

  - name: no text is a problem
    rows: { notes: [{ note: null }] }
    expect: { errors: [{ row: 1, node: length, code: NOT_TEXT }] }
`,
  data: { 'notes.csv': 'id,note\n1,fine\n2,call after five\n3,\n' },
}
