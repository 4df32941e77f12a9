import { describe, expect, test } from 'vitest'
import { LONG } from '../../../test/support/form.ts'
import { aggregateOf, Rig, sourceOf, transformOf } from '../../../test/support/rig.ts'
import { type LineMember, RecordedLine } from '../../format/commit-line.ts'
import { newRow, type Row } from '../../model/row.ts'

const CHUNK = 500
/** Of the scheduler, SCHEDULER-2. */
const WINDOW = 4096

/** `n: 1, 2, …`, in chunks, and how many were asked for. */
function numbers(count: number) {
  const counter = { read: 0 }
  const source = sourceOf('numbers', async function* () {
    for (let n = 0; n < count; ) {
      const chunk = Array.from({ length: Math.min(CHUNK, count - n) }, () => {
        const row = newRow()
        row.n = ++n
        return { kind: 'row', line: n, row, position: n } as const
      })
      counter.read += chunk.length
      yield chunk
    }
  })
  return { counter, source }
}

const text = (trigger = '') => `
name: window
sources:
  numbers: { plugin: numbers, on_invalid: discard, to: ask }
nodes:
  ask: { transform: answer, retry: { attempts: 2, backoff: 60s, max_backoff: 60s }, on_error: discard, to: ${trigger === '' ? 'out' : 'hold'} }
${trigger === '' ? '' : `  hold: { aggregate: gather, trigger: ${trigger}, on_error: discard, to: out }`}
sinks:
  out: { plugin: keep, on_error: discard }
`

/** Tokens in line at each commit. */
function linesOf(rig: Rig): number[] {
  const line = new RecordedLine()
  const misplaced = (member: LineMember, fault: string) => expect.fail(`${member} is ${fault}`)
  return rig.ledger.entries_kept.flatMap(each => {
    if (each.kind !== 'run' || each.draft.entry.k !== 'commit') return []
    line.take(each.draft.entry, misplaced)
    return [[...line].length]
  })
}

describe('I12: what is in flight is bounded, however long the input is', () => {
  test('answers that come in time keep the line short', async () => {
    const { source, counter } = numbers(6_000)
    let [in_flight, most_under_way, most_ahead] = [0, 0, 0]
    const ask = transformOf('answer', async row => {
      most_under_way = Math.max(most_under_way, ++in_flight)
      most_ahead = Math.max(most_ahead, counter.read - Number(row.n))
      await rig.clock.sleep(1_000)
      in_flight--
      return { kind: 'row', row }
    })
    const rig = new Rig(text(), [source, ask])
    const { summary } = await rig.run()
    expect(summary.rows.read).toBe(6_000)
    expect(rig.column('out', 'n')).toEqual(Array.from({ length: 6_000 }, (_, i) => i + 1))
    expect(most_under_way).toBe(16)
    expect(Math.max(...linesOf(rig))).toBeLessThanOrEqual(WINDOW)
    // Two chunks may be read ahead, and a commit may be under way.
    expect(most_ahead).toBeLessThanOrEqual(WINDOW + 2 * CHUNK)
  })

  test('one row that takes an hour holds the order up, and reading with it', async () => {
    const { source, counter } = numbers(6_000)
    let read_within_the_hour = 0
    const process = (row: Row) =>
      row.n === 1
        ? rig.clock.sleep(3_600_000_000).then(() => ({ kind: 'row', row }) as const)
        : ({ kind: 'row', row } as const)
    const rig = new Rig(text(), [source, transformOf('answer', process)])
    rig.clock.wake(3_599_000_000, () => {
      read_within_the_hour = counter.read
    })
    const { summary } = await rig.run()
    expect(read_within_the_hour).toBeLessThanOrEqual(WINDOW + 2 * CHUNK)
    expect(read_within_the_hour).toBeGreaterThanOrEqual(WINDOW)
    expect(Math.max(...linesOf(rig))).toBe(WINDOW)
    expect(summary.tokens.ended).toBe(6_000)
    expect(rig.column('out', 'n')).toEqual(Array.from({ length: 6_000 }, (_, i) => i + 1))
  })

  test.runIf(LONG)('rows that rest in backoff let others in, up to a longer line', async () => {
    const { source, counter } = numbers(18_000)
    let read_before_retries = 0
    const ask = transformOf('answer', (row, { attempt }) =>
      attempt === 1 ? { kind: 'error', code: 'BUSY', message: 'busy', retryable: true } : { kind: 'row', row },
    )
    const rig = new Rig(text(), [source, ask])
    rig.clock.wake(59_000_000, () => {
      read_before_retries = counter.read
    })
    await rig.run()
    expect(read_before_retries).toBeGreaterThan(WINDOW + 2 * CHUNK)
    expect(Math.max(...linesOf(rig))).toBe(16_384)
    expect(rig.column('out', 'n').length).toBe(18_000)
  })

  test.runIf(LONG)('members of an open batch are in no line, and hold nobody up', async () => {
    const { source } = numbers(6_000)
    const rig = new Rig(text('{ count: 5500 }'), [source, transformOf('answer', row => ({ kind: 'row', row }))])
    await rig.run()
    expect(rig.verdicts()).toEqual(['count', 'end_of_input'])
    // What a batch gives waits for the commit that its members have made overdue.
    expect(Math.max(...linesOf(rig))).toBe(1)
  })

  test.runIf(LONG)('what a large batch lets go goes on in commits of ordinary size', async () => {
    const { source } = numbers(6_000)
    const release = aggregateOf('release', rows => ({ kind: 'members', rows }))
    const passing = text('{ count: 5500 }').replace('gather,', 'release, output: passthrough,')
    const rig = new Rig(passing, [source, transformOf('answer', row => ({ kind: 'row', row })), release])
    await rig.run()
    expect(rig.column('out', 'n')).toEqual(Array.from({ length: 6_000 }, (_, i) => i + 1))
    const commits = rig.ledger.entries_kept.flatMap(each =>
      each.kind === 'run' && each.draft.entry.k === 'commit' ? [each.draft.entry.totals.tokens.ended] : [],
    )
    const ended = commits.map((total, i) => total - (commits[i - 1] ?? 0))
    expect(Math.max(...ended)).toBeLessThanOrEqual(2_000)
  })

  test('so does what comes from one batch, or one row', { tags: ['proof'] }, async () => {
    const { source } = numbers(1_000)
    const many = aggregateOf('many', () => ({ kind: 'rows', rows: Array.from({ length: 70_000 }, (_, n) => ({ n })) }))
    const giving = text('{ count: 1000 }').replace('gather,', 'many,')
    const rig = new Rig(giving, [source, transformOf('answer', row => ({ kind: 'row', row })), many])
    const { summary } = await rig.run()
    expect(summary.sinks.out?.rows).toBe(70_000)
    const visits = rig.ledger.entries_kept.flatMap(each => (each.kind === 'subject' ? [each.draft.visits.length] : []))
    expect(Math.max(...visits)).toBeLessThanOrEqual(65_536)
  })
})
