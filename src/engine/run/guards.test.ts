/** Runs that guards stop before anything is published. */
import { describe, expect, test } from 'vitest'
import { Rig, transformOf } from '../../../test/support/rig.ts'
import type { Row } from '../../model/row.ts'
import { rowError } from '../../sdk/results.ts'

const odd = transformOf('odd', row => {
  const n = (row as Row).n as number
  return n % 2 === 0 ? rowError('BAD', 'it is even', { field: 'n' }) : { kind: 'row', row: row as Row }
})

/** `bad`: how many records of another type follow those with a number. */
const pipeline = (good: number, bad: number, more = '') => {
  const rows = [
    ...Array.from({ length: good }, (_, i) => `{ n: ${i + 1} }`),
    ...Array.from({ length: bad }, () => '{ n: x }'),
  ]
  return `
name: guarded
${more}
sources:
  in:
    plugin: feed
    options: { chunks: [{ rows: [${rows.join(', ')}] }] }
    schema: { mode: fixed, fields: { n: integer } }
    on_invalid: rejected
    to: odd
nodes:
  odd: { transform: odd, on_error: problems, to: out }
sinks:
  out: { plugin: keep, on_error: discard }
  problems: { plugin: keep, on_error: discard }
  rejected: { plugin: keep, on_error: discard }
`
}
const rigOf = (...args: Parameters<typeof pipeline>) => new Rig(pipeline(...args), [odd])

/** What the run says of rows that failed, by its latest commit. */
function failures(rig: Rig) {
  const commits = rig.ledger.entries_kept.flatMap(each =>
    each.kind === 'run' && each.draft.entry.k === 'commit' ? [each.draft.entry.totals] : [],
  )
  return commits.at(-1)?.failures
}

describe('guards', () => {
  test('that hold let a run end as ever', async () => {
    const rig = rigOf(4, 1, 'guards: { rejected: 1, failed: 60%, min_rows: 4 }')
    const { summary, error } = await rig.run()
    expect(error).toBeNull()
    expect(summary.status).toBe('completed_with_failures')
    expect(failures(rig)).toEqual([[1, 1, 3]])
  })

  test('that break stop it with all that happened on record, and nothing published; set off, it goes on to its end', async () => {
    const rig = rigOf(4, 1, 'guards: { failed: 50% }')
    const { summary, error } = await rig.run()
    expect(error).toMatchObject({ code: 'CUSTODY_GUARD', sets: ['guards.failed=off'] })
    expect(error?.message).toBe('3 of 5 rows (60 %) failed, and guards.failed allows 50 %')
    expect(summary).toMatchObject({ status: 'failed', rows: { read: 5 }, tokens: { born: 5, ended: 5, open: 0 } })
    expect(rig.published).toBe(0)

    const again = await rig.resume(1000)
    expect(again.error?.code).toBe('CUSTODY_GUARD')

    rig.text = pipeline(4, 1, 'guards: { failed: off }')
    const last = await rig.resume(1000)
    expect(last.summary).toMatchObject({ status: 'completed_with_failures', tokens: { ended: 5 } })
    expect(rig.published).toBe(3)
    expect(rig.column('out', 'n')).toEqual([1, 3])
    expect(failures(rig)).toEqual([[1, 1, 3]])
  })

  test('what a row’s tokens come to counts once, also after a resume', async () => {
    const text = (guards: string) =>
      pipeline(2, 0, guards)
        .replace('    to: odd\n', '    to: both\n')
        .replace(
          'nodes:',
          'nodes:\n  both: { fork: { a: odd, b: late } }\n  late: { transform: late, on_error: problems, to: out }',
        )
    const late = transformOf('late', async (_, { attempt }) => rowError('BAD', `no, at ${attempt}`))
    const rig = new Rig(text('guards: { failed: 1 }'), [odd, late])
    const { error } = await rig.run()
    expect(error?.message).toBe('2 of 2 rows (100 %) failed, and guards.failed allows 1')
    rig.text = text('guards: { failed: 2 }')
    expect((await rig.resume(1)).error).toBeNull()
    expect(failures(rig)).toEqual([[1, 0, 2]])
  })

  test('a source whose records are all rejected stops the run where nothing was said', async () => {
    const rig = rigOf(0, 10)
    expect((await rig.run()).error?.message).toBe('all 10 records of source `in` were rejected')
    expect((await rigOf(0, 9).run()).error).toBeNull()
    expect((await rigOf(1, 10).run()).error).toBeNull()
  })

  test('it stops at the first thousand, without reading on', async () => {
    const rig = rigOf(0, 1500)
    const { summary, error } = await rig.run()
    expect(error).toMatchObject({
      code: 'CUSTODY_GUARD',
      message: 'the first 1,000 records of source `in` were all rejected',
    })
    expect(summary.rows.read).toBe(1000)
    expect((await rig.resume(1000)).summary.rows.read).toBe(1000)
    rig.text = pipeline(0, 1500, 'guards: { rejected: off }')
    expect((await rig.resume(1000)).summary).toMatchObject({ status: 'completed_with_failures', rows: { read: 1500 } })
  })

  test('--limit is an end of input like any other', async () => {
    const rig = rigOf(3, 0, 'guards: { min_rows: 3 }')
    expect((await rig.run({ limit: 2 })).error?.message).toBe('the run has 2 rows, and guards.min_rows asks for 3')
  })

  test('a run that is given up isn’t judged', async () => {
    const rig = rigOf(4, 1, 'guards: { failed: 0 }')
    await rig.run()
    const { summary, error } = await rig.resume(1000, { abandon: true })
    expect(error).toBeNull()
    expect(summary.status).toBe('abandoned')
  })
})

describe('--strict', () => {
  test('stops a run with failures before it publishes anything; without it the run goes on', async () => {
    const rig = rigOf(2, 0)
    const { summary, error } = await rig.run({ strict: true })
    expect(error?.code).toBe('CUSTODY_STRICT')
    expect(error?.message).toContain('1 of 2 row')
    expect(summary.status).toBe('failed')
    expect(rig.published).toBe(0)
    expect((await rig.resume(1000)).summary.status).toBe('completed_with_failures')
    expect((await rigOf(1, 0).run({ strict: true })).summary.status).toBe('completed')
  })
})

describe('an empty source', () => {
  const empty = (more = '') => pipeline(0, 0, more).replace('chunks: [{ rows: [] }]', 'chunks: [], bytes: 0')

  test('stops the run if the pipeline’s last run had records of it', async () => {
    const had = async (records: number) => (await new Rig(empty(), [odd]).run({ before: { in: records } })).error
    expect(await had(0)).toBeNull()
    expect(await had(2400)).toMatchObject({
      code: 'CUSTODY_GUARD',
      message: 'source `in` is empty, and had 2,400 records in this pipeline’s last run',
      sets: ['guards.min_rows=0'],
    })
    const rig = new Rig(empty('guards: { min_rows: 0 }'), [odd])
    expect((await rig.run({ before: { in: 2400 } })).summary.status).toBe('empty')
  })

  test('one that has bytes, and gave no record, doesn’t', async () => {
    const rig = new Rig(empty().replace('bytes: 0', 'bytes: 12'), [odd])
    expect((await rig.run({ before: { in: 2400 } })).error).toBeNull()
  })

  test('one that calls that a broken record does, and one with a row doesn’t', async () => {
    const gives = (rows: number, rejects: number) =>
      pipeline(rows, rejects).replace(/options: \{ /, 'options: { bytes: 0, ')
    const had = async (text: string) => (await new Rig(text, [odd]).run({ before: { in: 2400 } })).error?.code
    expect(await had(gives(0, 1))).toBe('CUSTODY_GUARD')
    expect(await had(gives(1, 0))).toBeUndefined()
  })
})
