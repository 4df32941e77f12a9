import { expect, test } from 'vitest'
import type { DiffCounts, Parting, RunDiff } from '../../read/diff/difference.ts'
import { partingText } from '../../read/words/parting.ts'
import { plain } from '../terminal.ts'
import { differs, renderDiff } from './diff.ts'
import { columnsOf } from './text.ts'

const NONE: DiffCounts = { compared: 0, same: 0, unknown: 0, different: 0, only_old: 0, only_new: 0 }
const BLANK: RunDiff = {
  old: '019b7c1a-0000-7000-8000-000000000001',
  new: '019b7c1b-0000-7000-8000-000000000002',
  matched_by: 'number',
  code: [],
  reads: [],
  rows: NONE,
  groups: [],
  differences: [],
  only: [],
  batches: { ...NONE, groups: [], differences: [] },
}

function parting(more: Partial<Parting>): Parting {
  const nothing = { old: null, new: null }
  return { node: 'tier', kind: 'way', ...nothing, to: nothing, fields: [], because: null, ...more }
}

const render = (diff: Partial<RunDiff>, columns = 100) =>
  renderDiff(
    { ...BLANK, ...diff },
    {
      ...{ columns, paint: plain, list: 0, explain: (run, what) => `explain ${run} ${what}` },
      byKey: (old, now) => `diff ${old} ${now} --key FIELD`,
    },
  )

test('how stories part, in words', () => {
  const texts = [
    parting({ old: 'micro', new: 'review', to: { old: 'micro', new: 'desk' } }),
    parting({ old: 'to', new: 'to', to: { old: 'size', new: 'extra' } }),
    parting({ kind: 'error', old: 'error BAD', new: 'to', to: { old: 'problems', new: 'size' } }),
    parting({ kind: 'value', fields: ['a', 'b\u001b'], because: 'answer' }),
    parting({ kind: 'value', because: 'request' }),
    parting({ kind: 'rows', old: '3', new: '2' }),
    parting({ kind: 'members' }),
    parting({ kind: 'outcome', old: 'filtered out', new: 'still open' }),
  ].map(partingText)
  expect(texts).toEqual([
    'tier: micro → review (desk)',
    'tier: size → extra',
    'tier: error BAD → went on',
    'tier changed a, b\\u001b (another answer)',
    'tier changed the value (another request)',
    'tier made 3 → 2 tokens',
    'tier: other members',
    'tier: filtered out → still open',
  ])
})

test('counts, examples, batches, and what can’t be compared', () => {
  const group = parting({ old: 'micro', new: 'review' })
  const text = render({
    rows: { ...NONE, compared: 2400, same: 1393, unknown: 3, different: 1004, only_old: 1 },
    groups: [
      { ...group, rows: 1003, examples: [3, 17, 1021] },
      { ...parting({ kind: 'value', fields: ['x'] }), rows: 1, examples: [5] },
    ],
    only: [{ in: 'old', source: 'in', index: { from: 9, to: 9 }, row: { from: 2401, to: 2401 } }],
    batches: {
      ...{ ...NONE, compared: 2, different: 1, same: 1, only_new: 2, differences: [] },
      groups: [{ ...parting({ node: 'stats', kind: 'members' }), batches: 1, examples: [2] }],
    },
  })
  expect(text.split('\n')).toEqual([
    '1,004 of 2,400 rows differ between run 019b7c1a-0000… and run 019b7c1b-0000…',
    '  tier: micro → review  1,003  rows 3, 17, 1,021, …',
    '  tier changed x            1  row 5',
    '',
    '1 of 2 batches differs',
    '  stats: other members  1  batch 2',
    '',
    'of 3 rows the output can’t be compared: its values are erased',
    'only in the old run: 1 row  row 2,401 (record 9 of in)',
    'only in the new run: 2 batches',
  ])
})

test('batches of splits are named by their split', () => {
  const text = render({
    batches: {
      ...{ ...NONE, compared: 3, different: 3, differences: [] },
      groups: [
        { ...parting({ node: 'one', kind: 'members' }), batches: 1, examples: [2 * 2 ** 32 + 1] },
        { ...parting({ node: 'two', kind: 'members' }), batches: 2, examples: [2 ** 32 + 5, 3 * 2 ** 32 + 1] },
      ],
    },
  })
  expect(text).toContain('batch 2:1')
  expect(text).toContain('batches 1:5, 3:1')
})

test('where records may have been put in, a key is proposed', () => {
  const row = { old: 2, new: 2 }
  const nothing = { old: null, new: null }
  const divergence = { parted_at: parting({}), changed: {}, token: nothing, outcome: nothing }
  const differs = { path: true, outcome: false, output: false }
  const differences = [{ ...divergence, differs, row, source: 'in', index: 2 }]
  const proposal = 'diff 019b7c1a-0000 019b7c1b-0000 --key FIELD   if records were put in or left out'
  const counts = { ...NONE, compared: 3, different: 2, same: 1 }
  expect(render({ rows: { ...counts, only_new: 1 }, differences })).toContain(proposal)
  expect(render({ rows: counts, differences })).not.toContain('--key')
  // One came and another went: several records are others than before.
  const at = (node: string, rows: number) => [
    { ...parting({ node, kind: 'value', fields: ['id'] }), rows, examples: [2] },
  ]
  expect(render({ rows: counts, differences, groups: at('in', 2) })).toContain(proposal)
  expect(render({ rows: counts, differences, groups: at('in', 1) })).not.toContain('--key')
  expect(render({ rows: counts, differences, groups: at('tier', 2) })).not.toContain('--key')
})

test('lines of groups fit the terminal, and numbers stay whole', () => {
  const wide = parting({ kind: 'value', fields: ['a_rather_long_name_of_a_field', 'and_another_of_its_kind'] })
  const text = render(
    {
      rows: { ...NONE, compared: 9_000_000, different: 8_000_000 },
      groups: [{ ...wide, rows: 8_000_000, examples: [1_000_001, 1_000_002, 1_000_003, 1_000_004, 1_000_005] }],
    },
    60,
  )
  const [, line = ''] = text.split('\n')
  expect(columnsOf(line)).toBeLessThanOrEqual(60)
  expect(line).toContain('8,000,000  rows 1,000,001, …')
})

test('of a run and what was run of it again the rest is one line, and no difference', () => {
  const only = [{ in: 'old', source: 'in', index: { from: 1, to: 9 }, row: { from: 1, to: 9 } }] as const
  const again = { matched_by: 'repeats', rows: { ...NONE, compared: 1, same: 1, only_old: 9 }, only } as const
  expect(render(again).split('\n')).toEqual([
    'no row differs between run 019b7c1a-0000… and run 019b7c1b-0000…, each row of a re-run with the one that it repeats, 1 row compared',
    '',
    'only in the old run: 9 rows',
  ])
  expect(differs({ ...BLANK, ...again })).toBe(false)
})

test('only what is known to differ counts', () => {
  expect(differs(BLANK)).toBe(false)
  expect(differs({ ...BLANK, rows: { ...NONE, unknown: 3 } })).toBe(false)
  expect(differs({ ...BLANK, rows: { ...NONE, only_new: 1 } })).toBe(true)
  expect(differs({ ...BLANK, batches: { ...BLANK.batches, different: 1 } })).toBe(true)
})

test('plugins whose code differs are named', () => {
  const at = { kind: 'transform', name: 'mine' }
  const old = { ...at, sha256: 'ab'.repeat(32) }
  const code = [{ ...at, old, new: { ...at, package: 'mine', version: '1.2.0', sha256: 'cd'.repeat(32) } }]
  expect(render({ code })).toContain('the code of transform mine differs: file abababab… → mine 1.2.0, cdcdcdcd…')
})
