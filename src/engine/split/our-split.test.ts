import { expect, test } from 'vitest'
import { CustodyError, type ErrorCode } from '../../model/error.ts'
import type { Notice } from '../nodes/source/source-reader.ts'
import { workOnOurs } from './our-split.ts'
import type { SplitRequest } from './split-session.ts'

const HELD = 'CUSTODY_RUN_HELD'
const GONE = 'CUSTODY_RUN_UNKNOWN'
const TOTALS = { rows: { read: 40 }, tokens: { ended: 50 } }

/** Split 2 of a run; each time that it is to be taken there is another obstacle. */
function obstacles(codes: readonly ErrorCode[], closed: readonly number[] = []) {
  const left = [...codes]
  const notices: Notice[] = []
  const stop = new AbortController()
  const takeSplit = async () => {
    const code = left.shift()
    if (code !== undefined) throw new CustodyError(code, 'so it is')
    stop.abort()
    throw new CustodyError(HELD, 'so it is')
  }
  const splits = { closed: async () => closed, see: async () => ({ commit: { entry: { totals: TOTALS } } }) }
  // cast: what is asked of it until the split is taken.
  const request = {
    ...{ plan: {}, run: 'a run', part: 2, cuts: [], opening: { leaf: '', t: 0 } },
    ledger: { takeSplit, splitsOf: () => splits, time_us: async () => 0 },
    clock: { wake: (_: number, then: () => void) => then() },
    ...{ signal: stop.signal, onNotice: (notice: Notice) => notices.push(notice) },
  } as unknown as SplitRequest
  return { notices, end: () => workOnOurs(request) }
}

test('OUR-SPLIT-1: a split that somebody else has is waited for, and closed if they close it', async () => {
  const { end, notices } = obstacles([HELD, HELD, HELD, GONE], [1, 2])
  const progress = { rows_read: 40, rows_done: 40, tokens_ended: 50, bytes_read: 0 }
  expect(await end()).toEqual({ kind: 'closed', progress, by_others: true })
  expect(notices).toEqual([{ kind: 'waiting', text: 'split 2 is still worked on elsewhere: so it is' }])
})

test('nothing is waited for once the run is to stop', async () => {
  expect(await obstacles([HELD]).end()).toEqual({ kind: 'stopped', error: null, budget: null })
})

test('other obstacles are said', async () => {
  await expect(obstacles([GONE], [1, 3]).end()).rejects.toMatchObject({ code: GONE })
  await expect(obstacles([HELD, 'CUSTODY_LEDGER_ALTERED']).end()).rejects.toMatchObject({
    code: 'CUSTODY_LEDGER_ALTERED',
  })
})
