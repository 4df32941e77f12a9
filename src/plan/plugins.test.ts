import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { brief, SECRETS } from '../../test/support/compile-text.ts'
import { testCatalogue } from '../../test/support/stub-plugins.ts'
import { parsePipeline } from '../config/load.ts'
import { defineTransform } from '../sdk/define.ts'
import { filesIn } from '../sdk/option-files.ts'
import { oneRow } from '../sdk/results.ts'
import { compilePlan } from './compile.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-plan-plugins-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const greet = defineTransform({
  name: 'greet',
  summary: 'Greets',
  options: z.strictObject({ text: z.string() }),
  determinism: 'deterministic',
  errors: {},
  examples: [{ title: 'x', options: { text: 'x' } }],
  files: [['text']],
  check: ({ text }) => (text === 'id ' ? [{ path: ['text'], message: 'a blank', severity: 'warning' }] : []),
  requires: ({ text }) => [{ field: text.trim(), path: ['text'] }],
  cardinality: 'one',
  create: () => ({ process: row => oneRow(row) }),
})

const TEXT = `
name: files
sources:
  in: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { id: integer } }, on_invalid: discard, to: step }
nodes:
  step: { transform: greet, options: { text: { file: texts/field.txt } }, on_error: discard, to: out }
sinks:
  out: { plugin: csv, options: { path: out.csv }, on_error: discard }
`
const compiled = (content: string | null) => {
  const path = join(folder, 'field.txt')
  if (content === null) rmSync(path, { force: true })
  else writeFileSync(path, content)
  const { pipeline } = parsePipeline(TEXT.replace('texts/', ''), { file: 'p.yaml', folder, env: {} })
  if (pipeline === null) throw new Error('no pipeline')
  return compilePlan(pipeline, testCatalogue().with([greet]), SECRETS, filesIn(folder))
}

test('what a file of the options holds is part of the plan', () => {
  const { plan, diagnostics } = compiled('id')
  expect(diagnostics).toEqual([])
  expect(plan?.value.options.step).toEqual({ text: 'id' })
  expect([...(plan?.files ?? [])]).toEqual([['field.txt', 'step']])
  expect(compiled('id').plan?.hash).toBe(plan?.hash)
  expect(compiled('id\n').plan?.hash).not.toBe(plan?.hash)
})

test('what a plugin only warns of keeps nothing from running', () => {
  const { plan, diagnostics } = compiled('id ')
  expect(brief(diagnostics)).toEqual(['6:46 ?PLUGIN_OPTIONS'])
  expect(plan).not.toBeNull()
})

test('and is checked like what stands in the pipeline file', () => {
  expect(brief(compiled('name').diagnostics)).toEqual(['6:46 FIELD_NOT_GUARANTEED'])
})

test('a missing file is reported at its path', () => {
  expect(brief(compiled(null).diagnostics)).toEqual(['6:54 FILE_NOT_FOUND'])
})
