/** What a sort held and passed on: whoever has the key can't change, leave out or swap the places of rows without its being found. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyLedger } from '../src/read/verify/verify.ts'
import type { Model } from './simulation/model.ts'
import { type Body, Forger, problemTexts } from './support/forger.ts'
import { runModel } from './support/simulated-ledger.ts'

const MODEL: Model = {
  sources: [{ name: 'numbers', to: 'order', on_invalid: 'discard', values: [3, 9, 3, 1, 7] }],
  nodes: [{ kind: 'sort', name: 'order', keys: [{ field: 'n', order: 'desc', nulls: 'last' }], to: 'out' }],
  sinks: [{ name: 'out', rejects: 0, on_error: 'discard' }],
}

let forger: Forger
beforeAll(async () => {
  forger = await Forger.of(url => runModel(url, MODEL, 1))
})
afterAll(() => forger.close())

/** The entry of a row, the only one that it has. */
const seqOf = (row: number) => Number(forger.all('SELECT seq FROM entries WHERE log = 1 AND row = ?', row)[0]?.seq)

/** What is found when entries of rows are changed, and all that follows from them is made again; `decisions`: with `--decisions`. */
async function problemsWith(changes: { readonly [row: number]: (body: Body) => Body }, decisions = false) {
  const tamper = () => {
    for (const [row, change] of Object.entries(changes)) {
      const seq = seqOf(Number(row))
      forger.put(1, seq, change(forger.body(1, seq)))
    }
    forger.rebuild(forger.signer)
  }
  const result = await forger.within(tamper, async () => {
    const result = await verifyLedger(forger.reader, { keys: forger.keys, decisions })
    expect(await verifyLedger(forger.reader, { keys: forger.keys, decisions, kept_whole: 0 })).toEqual(result)
    return result
  })
  return problemTexts(result).join('\n')
}

const placed = (token: number, place: number) => (body: Body) => ({ ...body, l: [[token, 2, place]] })
const came = (token: number, ordinal: number) => (body: Body) => ({ ...body, h: [[token, 2, 0, ordinal]] })
const without = (key: 'h' | 'l') => (body: Body) => {
  const { [key]: _, ...rest } = body
  return rest
}

test('all of it holds, and the order is that of the numbers', async () => {
  expect(await problemsWith({}, true)).toBe('')
  const places = [1, 2, 3, 4, 5].map(row => forger.body(1, seqOf(row)).l)
  expect(places).toEqual([[[1, 2, 3]], [[2, 2, 1]], [[3, 2, 4]], [[4, 2, 5]], [[5, 2, 2]]])
  expect(forger.all("SELECT DISTINCT outcome, group_id FROM token_outcomes WHERE outcome = 'BUFFERED'")).toEqual([
    { outcome: 'BUFFERED', group_id: null },
  ])
})

describe('what can’t be changed', () => {
  test.each([
    ['a place that is there twice', { 2: placed(2, 3) }, 'places of what it passes on'],
    ['a place behind all', { 2: placed(2, 6) }, 'places of what it passes on'],
    ['a row without a place', { 2: without('l') }, 'has no place in its order'],
    ['a row that was never held', { 2: without('h') }, 'no hold says for what'],
    ['a place of another row', { 2: placed(3, 1) }, 'no visit says so'],
    ['an order of arrival that is there twice', { 2: came(2, 0) }, 'places of what comes'],
    ['a hold for a group', { 2: (body: Body) => ({ ...body, h: [[2, 2, 7, 1]] }) }, 'for a group, and sorts have none'],
  ])('%s', async (_name, changes, says) => {
    expect(await problemsWith(changes)).toContain(says)
  })
})

describe('with --decisions', () => {
  test.each([
    ['two rows that are swapped', { 2: placed(2, 2), 5: placed(5, 1) }],
    ['two equal rows that are swapped', { 1: placed(1, 4), 3: placed(3, 3) }],
  ])('%s', async (_name, changes) => {
    expect(await problemsWith(changes)).toBe('')
    expect(await problemsWith(changes, true)).toContain('by its key stands before the one that was before it')
  })
})
