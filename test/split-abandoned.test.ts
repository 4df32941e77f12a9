/** The proof of a row that was under way in a split when its run stopped: how its fields stood is on record. */
import { afterAll, expect, test } from 'vitest'
import { WorkFolder } from './support/work-folder.ts'

const PLUGIN = `
import { z } from 'zod'
import { defineTransform } from 'custody/sdk'
export default defineTransform({
  name: 'breaking', summary: 'Breaks', options: z.strictObject({ at: z.number() }), determinism: 'deterministic', errors: {},
  examples: [{ title: 'One', options: { at: 1 } }], cardinality: 'one',
  create: options => ({
    async process(row) {
      if (row.id === options.at) throw new Error('broken')
      return { kind: 'row', row }
    },
  }),
})
`
const PIPELINE = `
name: breaks
splits: { count: 2 }
plugins: [./breaking.mjs]
defaults: { on_error: discard, on_invalid: discard }
sources:
  in: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { id: integer, amount: integer } }, to: take }
nodes: { take: { transform: breaking, options: { at: 18 }, to: out } }
sinks: { out: { plugin: csv, options: { path: out.csv, columns: [id, amount] } } }
`
const work = new WorkFolder({
  'p.yaml': PIPELINE,
  'breaking.mjs': PLUGIN,
  'in.csv': `id,amount\n${Array.from({ length: 10 }, (_, i) => `${i + 11},100\n`).join('')}`,
})
afterAll(() => work.close())

test('the proof of a row that was given up in a split holds', async () => {
  expect((await work.custody('run', 'p.yaml')).exit).toBe(1)
  expect((await work.custody('abandon', 'latest')).exit).toBe(0)
  const { exit, json } = await work.custody('prove', 'latest', '--row', 'in:8', '--out', 'row.json')
  expect(exit, JSON.stringify(json)).toBe(0)
  const checked = await work.custody('check', 'row.json', '--json')
  expect(checked.json).toMatchObject({ ok: true, story: expect.anything() })
  expect(checked.exit).toBe(0)
})
