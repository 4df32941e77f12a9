/** A source to begin with. */
import type { PluginTemplate } from './kind.ts'

export const SOURCE: PluginTemplate = {
  source: `import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CustodyError, defineSource, type SourceRecord } from 'custody/sdk'
import { z } from 'zod'

/** How many records are given at once: a commit has one or more of these. */
const CHUNK = 500

export default defineSource({
  name: 'NAME',
  summary: 'Reads settings, one key=value a line',
  options: z.strictObject({
    path: z.string().describe('The file, relative to the pipeline file’s folder'),
  }),
  determinism: 'deterministic',
  errors: { NO_VALUE: 'The line has no =.' },
  examples: [
    {
      title: 'Two settings and a line that is none',
      options: { path: 'a.conf' },
      files: { 'a.conf': 'size=3\\nnonsense\\nname=x=y\\n' },
      rows_out: [
        { key: 'size', value: '3' },
        { key: 'name', value: 'x=y' },
      ],
      errors: ['NO_VALUE'],
    },
  ],
  // A file can be read again; what a queue has given is gone.
  rereadable: () => true,
  // Values are texts: the pipeline's schema makes numbers of them where it says so.
  textual: true,
  reads: ({ path }) => [path],
  create: ({ path }, { folder }) => {
    const file = resolve(folder, path)
    return {
      // Before anything is written: what is wrong here leaves all outputs as they were.
      prepare: async () => {
        const found = await stat(file).catch(() => null)
        if (found === null) throw new CustodyError('CUSTODY_FILE_NOT_FOUND', \`\${path} does not exist\`)
      },
      async *read(from) {
        const lines = (await readFile(file, 'utf8')).split('\\n')
        if (lines.at(-1) === '') lines.pop()
        // A position is whatever this source needs to read on behind a record; here the number of lines before it.
        for (let start = Number(from?.position ?? 0); start < lines.length; start += CHUNK)
          yield lines.slice(start, start + CHUNK).map((text, i) => record(text, start + i + 1))
      },
      close: async () => undefined,
    }
  },
})

/** \`line\` counts from 1, and is the position behind this record as well. */
function record(text: string, line: number): SourceRecord {
  const at = text.indexOf('=')
  const where = { line, position: line, raw: text }
  // What can't be read is on record too, and goes where \`on_invalid\` says.
  if (at === -1) return { kind: 'reject', ...where, code: 'NO_VALUE', message: 'the line has no =' }
  return { kind: 'row', ...where, row: { key: text.slice(0, at), value: text.slice(at + 1) } }
}
`,
  test: `test('a file that is missing stops before anything is read', async () => {
  const { create } = plugin
  const context = { node: 'test', folder: '/nowhere', input: OBSERVED, secrets: [] }
  const made = await create({ path: 'a.conf' }, context)
  await assert.rejects(async () => made.prepare?.(), { code: 'CUSTODY_FILE_NOT_FOUND' })
})
`,
  pipeline: `name: example
plugins: [../src/index.ts]
defaults: { on_error: discard }
sources:
  settings: { plugin: NAME, options: { path: app.conf }, on_invalid: problems, to: done }
sinks:
  done: { plugin: jsonl, options: { path: out/done.jsonl, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: replace } }
`,
  cases: `cases:
  - name: each line is a row, or a problem
    files: { settings: app.conf }
    expect:
      sinks: { done: [{ key: size, value: '3' }, { key: name, value: x }] }
      errors: [{ row: 2, node: settings, code: NO_VALUE }]
`,
  data: { 'app.conf': 'size=3\nnonsense\nname=x\n' },
}
