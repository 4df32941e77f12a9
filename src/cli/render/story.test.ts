import { describe, expect, test } from 'vitest'
import { FATES } from '../../model/outcome.ts'
import type { Json } from '../../model/row.ts'
import type { CallStory, Story, TokenEnding, TokenStory, VisitStory } from '../../read/explain/story.ts'
import { endingText } from '../../read/words/ending.ts'
import { plain } from '../terminal.ts'
import { renderStory } from './story.ts'
import { columnsOf } from './text.ts'

const T = 1_767_323_045_000_000

function visit(more: Partial<VisitStory>): VisitStory {
  return {
    node: 'node',
    kind: 'transform',
    plugin: 'plugin',
    attempt: 1,
    status: 'ok',
    input_hash: null,
    output_hash: null,
    ...{ input_value: 0, output_value: 0, error_value: 0, absent_output: null },
    data: { kind: 'known', value: {} },
    changed: null,
    key: null,
    sorted: null,
    decision: null,
    evaluations: [],
    reads: [],
    calls: [],
    error: null,
    left: { label: 'to', to: 'next' },
    path: null,
    started_us: T,
    duration_us: 20,
    stood_us: 0,
    ...more,
  }
}

function token(visits: readonly VisitStory[], more: Partial<TokenStory> = {}): TokenStory {
  return {
    token: 1,
    parents: [],
    branch: null,
    born_of: null,
    born_as: null,
    right: null,
    joined_first: null,
    merge: null,
    ...{ merge_value: 0, birth_value: 0 },
    visits,
    ending: null,
    waits: { node: 'next', held: false },
    ...more,
  }
}

function shown(tokens: readonly TokenStory[], columns = 100): string[] {
  const story: Story = {
    run: '019b7c1a-0000-7000-8000-000000000001',
    name: 'sample',
    subject: { kind: 'row', row: 7, source: 'in', index: 7, line: 0, path: null },
    tokens,
    onward: [],
    left_out: null,
    entries: [12],
    head: { size: 30, root: 'ab'.repeat(32), signed_by: null },
    sealed: null,
  }
  return renderStory(story, { columns, paint: plain, cwd: '/work' }).split('\n')
}

test('a row on its way', () => {
  expect(
    shown([token([visit({ changed: { set: { a: 2, b: 'x' }, unset: ['c'] }, data: known({ a: 1, c: 'x' }) })])]),
  ).toEqual([
    'Row 7 of sample, run 019b7c1a-0000…, from source in, record 7',
    '',
    '  1  node  plugin  a: 1 → 2 · c → b  0.02 ms',
    '',
    'Not ended yet: it stands at next',
    '',
    "Entry 12 of 30 so far, in the signed tree abababab…ab; the run isn't sealed",
  ])
})

function known(value: Record<string, string | number>): VisitStory['data'] {
  return { kind: 'known', value }
}

test('attempts that failed, and one that did not', () => {
  const error = { code: 'BUSY', message: { kind: 'known', value: 'try later' }, details: null } as const
  const lines = shown([
    token([visit({ status: 'error', error, left: null }), visit({ attempt: 2, duration_us: 1_500_000 })]),
  ])
  expect(lines[2]).toBe('  1  node  plugin  error BUSY: try later  tried again  0.02 ms')
  expect(lines[3]).toBe('  2  node  plugin  attempt 2: nothing changed            1.5 s')
})

test('what a visit took, and what the run stood still meanwhile', () => {
  const lines = shown([token([visit({ duration_us: 1_500_000, stood_us: 8 * 3_600_000_000 })])])
  expect(lines[2]).toBe('  1  node  plugin  nothing changed  1.5 s')
  expect(lines[3]?.trim()).toBe('not counting 8 h in which the run stood still')
})

test.each([
  ['COMPLETED', 'flow', 'out', null, 'written to sink out'],
  ['ROUTED', 'gate', 'out', null, 'routed to sink out by gate node'],
  ['ROUTED', 'error', 'out', 'BAD', 'routed to sink out after an error at node (BAD)'],
  ['DISCARDED', 'gate', null, null, 'discarded by gate node'],
  ['QUARANTINED', 'source_invalid', 'out', 'BAD', 'rejected at the source (BAD), written to sink out'],
  ['QUARANTINED', 'error', null, 'BAD', 'dropped after an error at node (BAD)'],
  ['FAILED', 'retries_exhausted', 'out', 'BUSY', 'failed after all retries at node (BUSY), written to sink out'],
  ['FAILED', 'retries_exhausted', null, 'BUSY', 'failed after all retries at node (BUSY)'],
  ['FAILED', 'batch_failed', 'out', 'BAD', 'failed with its batch at node (BAD), written to sink out'],
  ['FAILED', 'sink_rejected', 'out', 'BAD', 'refused by sink node (BAD), written to sink out'],
  ['FAILED', 'sink_rejected', null, 'BAD', 'refused by sink node (BAD)'],
  ['FAILED', 'in_doubt', null, 'IN_DOUBT', 'in doubt: the far side may have taken it at node (IN_DOUBT)'],
  ['FAILED', 'branch_lost', null, 'BRANCH_LOST', 'failed because another branch was lost (BRANCH_LOST)'],
] as const)('the end %s / %s, at a sink %s', (outcome, cause, sink, code, words) => {
  const fate = FATES.find(each => each.outcome === outcome && each.cause === cause)!
  const ending: TokenEnding = {
    ...{
      outcome,
      cause,
      class: fate.class,
      words: fate.words,
      node: 'node',
      sink,
      group: null,
      error_value: 0,
      recorded_us: T,
    },
    error: code === null ? null : { code, message: { kind: 'erased' } },
  }
  expect(endingText(ending)).toBe(words)
})

test('a sort says where a row stood, and what it looked at', () => {
  const key = { kind: 'known', value: { amount: 10, id: 3 } } as const
  const at_sort = (sorted: VisitStory['sorted'], more: Partial<VisitStory> = {}) =>
    shown([token([visit({ node: 'ranked', kind: 'sort', plugin: null, key, sorted, ...more })])])[2]
  expect(at_sort({ came: 2, passed: 11 })).toContain('held as the 2nd, passed on as the 11th · amount 10 · id 3')
  expect(at_sort({ came: 1, passed: null }, { status: 'held', left: null })).toContain(
    'held as the 1st, until its input ends',
  )
})

test('a coalesce whose group failed is not said to be tried again', () => {
  const error = { code: 'BRANCH_LOST', message: { kind: 'known', value: 'b can’t arrive' }, details: null } as const
  const failed = visit({ node: 'joined', kind: 'coalesce', plugin: null, status: 'error', error, left: null })
  expect(shown([token([visit({ node: 'before' }), failed])])[3]).toBe(
    '  2  joined  coalesce  error BRANCH_LOST: b can’t arrive  0.02 ms',
  )
})

test.each([
  [[3], 'merged at joined from token 3'],
  [[3, 4], 'merged at joined from tokens 3, 4'],
])('a token of the parents %j', (parents, words) => {
  const born_of = { group: 1, kind: 'merge', node: 'joined', ordinal: 0 } as const
  const merged = token([visit({})], { token: 5, parents, born_of })
  expect(shown([merged, token([visit({})], { token: 6 })]).join('\n')).toContain(`Token 5, ${words}\n`)
})

test('what is erased is said to be', () => {
  const source = visit({ kind: 'source', data: { kind: 'erased' } })
  const gate = visit({
    kind: 'gate',
    plugin: null,
    data: { kind: 'erased' },
    decision: { expression: 'row.a > 1', values: {}, label: 'true', tried: [] },
  })
  const lines = shown([token([source, gate, visit({ data: { kind: 'erased' }, output_hash: 'cd' })])])
  expect(lines[1]).toBe('  its data is erased; the commitments below still stand')
  expect(lines[3]).toBe('  1  node  gate    row.a > 1   values are erased   true → next  0.02 ms')
  expect(lines[4]).toBe('  2  node  plugin  what it changed is erased                    0.02 ms')
})

test('a call says whose secrets marks stand for, in an answer and in an error', () => {
  const answered = (status: CallStory['status'], value: Json): CallStory => ({
    call: 1,
    service: 'openai',
    status,
    ordinal: 1,
    request: { kind: 'known', value: {} },
    response: { kind: 'known', value },
    ...{ request_value: 0, response_value: 0 },
    request_hash: null,
    response_hash: null,
    input_tokens: 0,
    output_tokens: 0,
    cost_usd: 0,
    started_us: T,
    duration_us: 20,
    together: null,
  })
  const failed = { code: 'HTTP_STATUS_5XX', message: 'no', response: { body: '[secret A]', masked: ['A', 'B'] } }
  const calls = [answered('ok', { text: '[secret KEY]', masked: ['KEY'] }), answered('error', failed)]
  const lines = shown([token([visit({ calls })])], 200).filter(line => line.includes('asked openai'))
  expect(lines.map(line => line.split(' · ').at(-1))).toEqual(['secrets masked: KEY', 'secrets masked: A, B'])
})

describe('whatever the width', () => {
  const long = 'x'.repeat(500)
  const gate = visit({
    kind: 'gate',
    data: known({ field: long }),
    decision: { expression: `row.field == "${long}"`, values: { field: long }, label: 'true', tried: [] },
  })
  const tokens = [token([visit({ kind: 'source', data: known({ field: long, b: 1 }) }), gate, visit({ node: long })])]

  test.each([40, 60, 100, 200])('no line of a step is longer: %i', columns => {
    for (const line of shown(tokens, columns)) {
      if (line.startsWith('Row') || line.startsWith('Entry')) continue
      expect(columnsOf(line)).toBeLessThanOrEqual(Math.max(columns, 80))
    }
  })
})

test('nothing that data holds reaches the terminal as it is', () => {
  const evil = '\u001b[2J\u202e'
  const error = { code: 'E', message: { kind: 'known', value: evil }, details: evil } as const
  const lines = shown([
    token(
      [
        visit({ kind: 'source', status: 'error', error, data: { kind: 'known', value: { raw: evil } } }),
        visit({ node: evil, plugin: evil, path: evil, kind: 'sink', left: { label: evil, to: evil } }),
        visit({ changed: { set: { [evil]: evil }, unset: [] } }),
        visit({ kind: 'gate', decision: { expression: evil, values: { [evil]: evil }, label: evil, tried: [] } }),
      ],
      { branch: evil, waits: { node: evil, held: true } },
    ),
  ])
  expect(lines.join('')).not.toContain('\u001b')
  expect(lines.join('')).not.toContain('\u202e')
})

test('on a narrow terminal lines get longer downwards; nothing of an error, a way or a path is cut', () => {
  const message = 'the field "part" has no column; the columns are id, amount, l and r, in this order'
  const error = { code: 'COLUMN_UNKNOWN', message: { kind: 'known', value: message }, details: null } as const
  const failed = visit({
    node: 'all',
    kind: 'sink',
    status: 'error',
    error,
    left: { label: 'on_error', to: 'problems' },
  })
  const written = visit({
    node: 'problems',
    kind: 'sink',
    left: null,
    path: '/work/a/folder/that/is/deep/problems.jsonl',
  })
  const lines = shown([token([failed, written])], 50)
  const text = lines.map(line => line.trim()).join(' ')
  for (const words of message.split(' ')) expect(text).toContain(words)
  expect(text).toContain('→ problems')
  expect(lines.map(line => line.trim()).join('')).toContain('problems.jsonl')
})
