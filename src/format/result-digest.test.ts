import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { blockHash, lineText, resultDigest, splitDigest, treeRoot } from './result-digest.ts'

const LINES = [
  '["claims",1,[["","ROUTED","gate","tier","high",null,{"amount":62000,"id":17}]]]',
  '["claims",2,[["","FORKED","fork","both",null,null,{"amount":7,"id":18}],["/a","COMPLETED","flow","out","out",null,{"amount":7,"id":18}],["/b","QUARANTINED","error","rate",null,"DIVISION_BY_ZERO",{"amount":7,"id":18}]]]',
]
const BATCH = '["stats",1,[["*0","COMPLETED","flow","sums","sums",null,{"count":2}]]]'

test('the example of the documentation is what is computed', () => {
  const docs = readFileSync(new URL('../../docs/ledger-format.md', import.meta.url), 'utf8')
  const block = blockHash(LINES.map(lineText).join(''))
  const batch = blockHash(lineText(BATCH))
  const one = splitDigest([2, treeRoot([block])], new Map([['stats', [1, treeRoot([batch])]]]))
  const two = splitDigest([0, treeRoot([])], new Map())
  const run = resultDigest([one, two], new Map([['out', [[1, 24, 'ab'.repeat(32)]]]]))
  for (const each of [...LINES, BATCH, block, batch, one, two, run]) expect(docs).toContain(`${each}\n`)
})

test('a long line stands as its hash, and what is named stands by its name', () => {
  expect(lineText('x'.repeat(8_192))).toBe(`${'x'.repeat(8_192)}\n`)
  expect(lineText('x'.repeat(8_193))).toMatch(/^[0-9a-f]{64}\n$/)
  const [a, b] = ['aa'.repeat(32), 'bb'.repeat(32)] as const
  const both = (...of: ReadonlyArray<readonly [string, readonly [number, string]]>) => splitDigest([1, a], new Map(of))
  expect(both(['x', [1, a]], ['y', [2, b]])).toBe(both(['y', [2, b]], ['x', [1, a]]))
  expect(both(['x', [1, a]], ['y', [2, b]])).not.toBe(both(['x', [2, b]], ['y', [1, a]]))
  expect(resultDigest([a, b], new Map())).not.toBe(resultDigest([b, a], new Map()))
})
