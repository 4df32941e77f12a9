/** Without values: canaries stand wherever a value can, and no answer has one. With values they are found, so that this looks where they are. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LedgerAnswers } from '../../src/host/answers/ledger-answers.ts'
import { WorkFolder } from '../support/work-folder.ts'
import { type AnyQuestion, questions, shapeProblem } from './questions.ts'

const PIPELINE = `
# canary-comment
name: letters
description: canary-description
defaults: { on_error: problems, on_invalid: problems }
plugins: [./scoring.ts]
sources:
  people:
    plugin: csv
    options: { path: 'people-*.csv' }
    schema: { mode: flexible, fields: { id: integer, name: string, town: string, age: number } }
    to: check
  towns: { plugin: csv, options: { path: towns.csv }, to: homes.right }
nodes:
  check: { transform: keyword_filter, options: { fields: [name], patterns: ['bad', 'canary-pattern'] }, to: scored }
  scored: { transform: scoring, options: { answers: answers.json }, on_error: low, to: desk }
  low: { transform: compute, options: { set: { score: '0.0' } }, to: desk }
  desk: { gate: 'row.name + "-canary-label"', routes: { known: both, else: both } }
  both: { fork: { a: loud, b: quiet } }
  loud: { transform: compute, options: { set: { said: 'row.name + "-canary-loud"' } }, to: again }
  quiet: { transform: compute, options: { set: { said: 'row.name + "-canary-quiet"' } }, to: again }
  again: { coalesce: [a, b], to: homes.left }
  homes: { join: { left: town, right: town }, merge: nested, routes: { matched: flat, left: problems, right: discard } }
  flat: { transform: compute, options: { set: { who: row.left.name, town: row.left.town, age: row.left.age } }, to: age }
  age:
    cases: [{ when: 'row.age > 60 && row.who != "canary-case"', to: ages }, { else: ages }]
  ages: { aggregate: batch_stats, per: [town], trigger: { count: 2 }, options: { value: age, group_by: who }, to: out }
sinks:
  out: { plugin: jsonl, options: { path: 'out/{{ row.who }}.jsonl', if_exists: replace } }
  problems: { plugin: jsonl, options: { path: canary-out.jsonl, if_exists: replace }, on_error: discard }
`
const SCORING = `
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { defineTransform, derive } from 'custody/sdk'

export default defineTransform({
  name: 'scoring',
  summary: 'Asks a service for the score of a name',
  options: z.strictObject({ answers: z.string() }),
  determinism: 'external',
  services: () => ['scores'],
  errors: { NO_SCORE: 'The service can’t score the name.' },
  examples: [
    {
      title: 'A name',
      options: { answers: 'answers.json' },
      answers: [{ kind: 'answer', response: { score: 0.9 } }],
      rows_in: [{ name: 'ada' }],
      rows_out: [{ name: 'ada', score: 0.9 }],
    },
  ],
  cardinality: 'one',
  create: ({ answers }) => ({
    process: async (row, { call }) => {
      const name = String(row.name)
      const result = await call('scores', { request: { name, asked: 'canary-request' } }, async () => {
        const score = JSON.parse(readFileSync(answers, 'utf8'))[name]
        return typeof score === 'number'
          ? { kind: 'answer', response: { score, said: 'canary-response' } }
          : { kind: 'failure', code: 'NO_SCORE', message: 'canary-message of ' + name, retryable: false }
      })
      return result.kind === 'error' ? result : { kind: 'row', row: derive(row, result.response) }
    },
  }),
})
`
const PEOPLE = `id,name,town,age,canary-field
1,anna-canary,canary-north,30,x
2,bad-berta-canary,canary-north,40,=1+1
3,carl-canary,canary-south,fifty-canary,x
4,dora-canary,canary-south,60,x
5,emil-canary,canary-north,70,x
6,fred-canary,canary-nowhere,20,x
`

let work: WorkFolder
let answers: LedgerAnswers
let all: readonly AnyQuestion[]

beforeAll(async () => {
  work = new WorkFolder({
    'p.yaml': PIPELINE,
    'scoring.ts': SCORING,
    'people-canary-file.csv': PEOPLE,
    'towns.csv': 'town,mayor\ncanary-north,nils-canary\ncanary-south,susi-canary\n',
    'answers.json': JSON.stringify({ 'anna-canary': 0.7, 'emil-canary': 0.2, 'fred-canary': 1 }),
  })
  await work.run()
  writeFileSync(join(work.folder, 'answers.json'), JSON.stringify({ 'anna-canary': 0.1, 'dora-canary': 0.3 }))
  await work.run()
  answers = await LedgerAnswers.open({ url: `sqlite:${work.folder}/custody.db`, env: work.env })
  const run = (await answers.ask('run', { run: 'latest' })) as { tokens: { born: number }; rows: { read: number } }
  all = questions(run.rows.read, run.tokens.born, 'name')
})

afterAll(async () => {
  await answers?.close()
  work?.close()
})

test('no answer has a value, and each has the shape of those that do', async () => {
  const seen: string[] = []
  for (const [kind, params] of all) {
    const what = `${kind} ${JSON.stringify(params)}`
    const shown = await answers.ask(kind, params)
    if (JSON.stringify(shown).includes('canary')) seen.push(kind)
    expect(shapeProblem(kind, shown), what).toBe(null)
    if (kind === 'story' || kind === 'proof' || kind === 'letter' || ('key' in params && params.key !== undefined)) {
      const refused = answers.ask(kind, params, { values: false })
      await expect(refused, what).rejects.toMatchObject({ code: 'CUSTODY_VALUES_WITHHELD' })
      continue
    }
    const bare = await answers.ask(kind, params, { values: false })
    expect(JSON.stringify(bare), what).not.toContain('canary')
    expect(shapeProblem(kind, bare), what).toBe(null)
  }
  const showing = ['run', 'plan', 'errors', 'rows', 'row', 'story', 'proof', 'letter', 'diff', 'sql']
  expect(showing.filter(kind => !seen.includes(kind))).toEqual([])
})

test('two runs are compared by counts, without naming a row that parted', async () => {
  const params = { old: 'latest~1', new: 'latest', list: 100 } as const
  const [full, bare] = [await answers.ask('diff', params), await answers.ask('diff', params, { values: false })]
  if (full.holds === false || bare.holds === false) throw new Error('it doesn’t hold')
  expect([full.differences.length, full.groups.flatMap(({ examples }) => examples).length]).not.toContain(0)
  expect([bare.rows, bare.groups.map(({ rows }) => rows)]).toEqual([full.rows, full.groups.map(({ rows }) => rows)])
  expect([bare.differences, bare.groups.flatMap(({ examples }) => examples)]).toEqual([[], []])
})

test('rows can’t be looked for by values, nor matched by them, nor exported', async () => {
  for (const filter of [{ text: 'canary' }, { value: ['name=anna-canary'] }, { where: 'row.id == 1' }]) {
    const asked = answers.ask('rows', { run: 'latest', limit: 10, ...filter }, { values: false })
    await expect(asked).rejects.toMatchObject({ code: 'CUSTODY_VALUES_WITHHELD' })
  }
  const matched = answers.ask('diff', { old: 'latest', new: 'latest', key: 'name', list: 10 }, { values: false })
  await expect(matched).rejects.toMatchObject({ code: 'CUSTODY_VALUES_WITHHELD' })
  const pieces = answers.stream('export', { run: 'latest', format: 'jsonl' }, { values: false })
  await expect(pieces.next()).rejects.toMatchObject({ code: 'CUSTODY_VALUES_WITHHELD' })
})

test('an export has rows as they ended, in both formats', async () => {
  const texts = { jsonl: '', csv: '' }
  for (const format of ['jsonl', 'csv'] as const)
    for await (const { text } of answers.stream('export', { run: 'latest', format })) texts[format] += text
  const lines = texts.jsonl
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(lines.filter(({ row }) => row === 2)).toEqual([
    expect.objectContaining({ outcome: 'ROUTED', sink: 'problems', error_code: 'KEYWORD_FOUND' }),
  ])
  expect(lines.find(({ row }) => row === 2).data).toMatchObject({ name: 'bad-berta-canary', age: 40 })
  expect(texts.csv.split('\r\n')[0]).toMatch(/^row,source,index,token,outcome,.*data\.name.*,other_fields$/)
  expect(texts.csv.trimEnd().split('\r\n')).toHaveLength(lines.length + 1)
  // What a spreadsheet takes for a formula is what the row has.
  expect(texts.csv).toContain(',=1+1,')
})

test('nor has the sentence of a record that was changed', async () => {
  const db = new DatabaseSync(join(work.folder, 'custody.db'))
  db.exec('DROP TRIGGER payloads_no_update')
  db.exec(`UPDATE payloads SET body = replace(body, 'anna-canary', 'anna-CANARY') WHERE log = 2`)
  db.close()
  const shown = await answers.ask('row', { run: 'latest', row: 1 })
  expect(shown).toMatchObject({ holds: false, problems: [expect.any(String)] })
  const bare = await answers.ask('row', { run: 'latest', row: 1 }, { values: false })
  expect(bare).toMatchObject({ holds: false, problems: [expect.stringMatching(/^1 problem/)] })
  expect(await answers.ask('verify', { run: 'latest' }, { values: false })).toMatchObject({ ok: false })
})
