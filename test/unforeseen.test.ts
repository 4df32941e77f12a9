/** A gate without `on_error`, or without `else`, and a plugin before it whose word it was taken at. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runInProcess } from './support/in-process.ts'

const SDK = JSON.stringify(join(import.meta.dirname, '..', 'src', 'sdk', 'index.ts'))
const PLUGIN = `import { defineTransform } from ${SDK}
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from ${JSON.stringify(import.meta.resolve('zod'))}

export const rated = defineTransform({
  name: 'rated',
  summary: 'Says that each row has a rate, and forgets one',
  options: z.strictObject({}),
  determinism: 'deterministic',
  errors: {},
  examples: [{ title: 'A rate', options: {}, rows_in: [{ id: 1 }], rows_out: [{ id: 1, rate: 2 }] }],
  guarantees: (_options, input) => ({
    ...input,
    fields: new Map([...input.fields, ['rate', { schema: { type: 'integer' }, optional: false }]]),
  }),
  cardinality: 'one',
  create: (_options, { folder }) => {
    const fixed = existsSync(join(folder, 'fixed'))
    return { process: row => ({ kind: 'row', row: { ...row, rate: row.id === 3 && !fixed ? null : row.id * 2 } }) }
  },
})
`
const PIPELINE = `name: rates
plugins: [./rated.ts]
sources:
  rows: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { id: integer } }, on_invalid: discard, to: rate }
nodes:
  rate: { transform: rated, on_error: discard, to: tier }
  tier: { gate: row.rate > 2, routes: { true: high, false: low } }
sinks:
  high: { plugin: csv, options: { path: high.csv }, on_error: discard }
  low: { plugin: csv, options: { path: low.csv }, on_error: discard }
`

/** A folder with the pipeline, the plugin and rows, and the command there. */
function rates(pipeline: string) {
  const folder = mkdtempSync(join(tmpdir(), 'custody-unforeseen-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of [
    ['p.yaml', pipeline],
    ['rated.ts', PLUGIN],
    ['in.csv', 'id\n1\n2\n3\n4\n'],
  ] as const)
    writeFileSync(join(folder, name), text)
  const custody = async (...args: string[]) => {
    const { exit, stdout, stderr } = await runInProcess(args, folder, { XDG_CONFIG_HOME: join(folder, '.config') })
    return { exit, stderr, json: JSON.parse(stdout === '' ? '{}' : stdout) }
  }
  return { folder, custody }
}

test('an error there is a defect: the run stops, loses nothing, and is to be abandoned', async () => {
  const { folder, custody } = rates(PIPELINE)
  const { exit, json } = await custody('run', 'p.yaml', '--json')
  expect(exit).toBe(1)
  expect(json.error).toMatchObject({
    code: 'CUSTODY_PLUGIN_DEFECT',
    message: expect.stringMatching(
      /`tier` has no on_error.*met VALUE_NULL.*a plugin before it broke its word: rate is null/,
    ),
  })
  const { json: shown } = await custody('show', 'latest', '--json')
  expect(shown).toMatchObject({ status: 'failed', tokens: { open: expect.any(Number) } })
  expect(shown.tokens.open).toBeGreaterThan(0)
  expect(await custody('verify', 'latest', '--json')).toMatchObject({ exit: 0 })

  // What the plugin made of the row is on record: fixed, it is of use to the next run.
  writeFileSync(join(folder, 'fixed'), '')
  expect((await custody('resume', 'latest', '--json')).json.error).toMatchObject({
    code: 'CUSTODY_PLUGIN_DEFECT',
    hint: expect.stringContaining('abandon this run'),
  })
  const { stderr } = await custody('resume', 'latest')
  expect(stderr).toMatch(/hint: .*abandon this run/)
  expect(stderr).toMatch(/^Try: {2}\S.* abandon /m)
  expect(stderr).not.toMatch(/ resume /)
  expect(await custody('abandon', 'latest', '--json')).toMatchObject({ exit: 0 })
  expect(await custody('verify', 'latest', '--json')).toMatchObject({ exit: 0 })
  expect(await custody('run', 'p.yaml', '--json')).toMatchObject({ exit: 0, json: { status: 'completed' } })
  expect(readFileSync(join(folder, 'high.csv'), 'utf8')).toBe('id,rate\n2,4\n3,6\n4,8\n')
  expect(await custody('verify', 'latest', '--json')).toMatchObject({ exit: 0 })
})

test('so is a label there that the plan had ruled out', async () => {
  const labelled = PIPELINE.replace(
    'gate: row.rate > 2, routes: { true: high, false: low }',
    'gate: row.kind, routes: { high: high, low: low }',
  )
  const { folder, custody } = rates(labelled)
  writeFileSync(
    join(folder, 'rated.ts'),
    PLUGIN.replace(
      "['rate', { schema: { type: 'integer' }",
      "['kind', { schema: { type: 'string', enum: ['high', 'low'] }",
    )
      .replace('rate: row.id', "kind: row.id < 3 ? 'low' : 'none', rate: row.id")
      .replace('rate: 2 }', "kind: 'low', rate: 2 }"),
  )
  expect(await custody('validate', 'p.yaml', '--json')).toMatchObject({ exit: 0 })
  const { exit, stderr } = await custody('run', 'p.yaml')
  expect(exit).toBe(1)
  expect(stderr).toMatch(
    /`tier` gave the label "none", for which there is no route; a plugin before it broke its word: kind/,
  )
  expect(stderr).toMatch(/hint: .*abandon this run/)
  expect(stderr).toMatch(/^Try: {2}\S.* abandon /m)
  expect(await custody('abandon', 'latest', '--json')).toMatchObject({ exit: 0, json: { status: 'abandoned' } })
  expect(await custody('verify', 'latest', '--json')).toMatchObject({ exit: 0 })
})
