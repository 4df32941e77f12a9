/** Keys of joins, batches and sorts: of rows whose values the holder of the key changes, a second implementation finds the same as `verify --decisions`. */
// @module-tag proof
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commitment } from '../../src/format/hash.ts'
import { encodeSigningKeys } from '../../src/format/signing-key.ts'
import { canonicalize } from '../../src/model/canonical.ts'
import type { Json } from '../../src/model/row.ts'
import { verifyLedger } from '../../src/read/verify/verify.ts'
import { Forger } from '../support/forger.ts'
import { sampled } from '../support/form.ts'
import { runInProcess } from '../support/in-process.ts'
import { testPorts } from '../support/ledger.ts'
import { askPython, NO_PYTHON, pythonFolder } from './python.ts'

const PIPELINE = `name: keyed
defaults: { on_error: problems, on_invalid: problems }
sources:
  paid: { plugin: jsonl, options: { path: paid.jsonl }, schema: { mode: flexible, fields: { sum: decimal? } }, to: match.left }
  due: { plugin: jsonl, options: { path: due.jsonl }, schema: { mode: flexible, fields: { sum: decimal? } }, to: match.right }
  ranked: { plugin: jsonl, options: { path: ranked.jsonl }, schema: { mode: flexible, fields: { sum: decimal? } }, to: order }
  grouped: { plugin: jsonl, options: { path: grouped.jsonl }, schema: { mode: flexible, fields: { sum: decimal? } }, to: batches }
nodes:
  match: { join: { left: sum, right: sum }, routes: { matched: out, left: out, right: out } }
  order: { sort: [any desc, { field: sum, nulls: first }], to: out }
  batches: { aggregate: report, per: [sum, any], trigger: { count: 2 }, options: { line: '{n}' }, to: out }
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl } }
  problems: { plugin: jsonl, options: { path: problems.jsonl }, on_error: discard }
`
const SUMS = ['1.0', '1.00', '2.50', null]
const ANY: readonly Json[] = [true, 2, 10, '10', 'ü', '\u{1f600}', '\uffff', [1], { a: 1 }, null]
const ROWS: { readonly [file: string]: ReadonlyArray<{ readonly [field: string]: Json }> } = {
  paid: SUMS.map(sum => ({ sum })),
  due: ['1', '2.5', '7'].map(sum => ({ sum })),
  ranked: [...ANY, ...ANY.slice(2, 4)].map((any, i) => ({ any, sum: SUMS[i % 4] ?? null })),
  grouped: [0, 1, 2, 0, 2, 1].map((i, n) => ({ n, any: ANY[i] ?? null, sum: SUMS[i] ?? null })),
}
/** Instead of the values of a row's fields. */
const CHANGES: ReadonlyArray<{ readonly [field: string]: Json }> = [
  ...['1', '2.500', '3', '-0.0', null].map(sum => ({ sum })),
  ...[false, 3, '2', '\ud7ff', [1, 2], {}, null].map(any => ({ any })),
]

const { folder, keys } = pythonFolder(testPorts().signer.verifier_key)
let forger: Forger
beforeAll(async () => {
  forger = await Forger.of(async url => {
    const at = dirname(url.slice('sqlite:'.length))
    writeFileSync(join(at, 'pipeline.yaml'), PIPELINE)
    for (const [name, rows] of Object.entries(ROWS))
      writeFileSync(join(at, `${name}.jsonl`), rows.map(row => `${JSON.stringify(row)}\n`).join(''))
    const { exit, stderr } = await runInProcess(['run', 'pipeline.yaml', '--ledger', url], at, {
      XDG_CONFIG_HOME: join(folder, 'config'),
      // The key of `testPorts`, which the forger has.
      CUSTODY_KEY: encodeSigningKeys('test', new Uint8Array(32).fill(9)),
    })
    expect(exit, stderr).toBe(0)
  })
})
afterAll(() => forger.close())

/** The ledger in which a row came in with other values, signed anew with all that follows from it. */
function forged(row: number, change: { readonly [field: string]: Json }): Forger {
  const copy = forger.copy()
  copy.change(() => {
    const [{ seq = 0, salts, body = '' } = {}] = copy.all(
      'SELECT seq, salts, p.body FROM payloads p JOIN entries USING (log, seq) WHERE log = 1 AND row = ? ORDER BY seq LIMIT 1',
      row,
    )
    const [[read], ...values] = JSON.parse(`${body}`) as [[{ [field: string]: Json }], ...Json[]]
    const value = { ...read, ...change }
    const entry = copy.body(1, Number(seq))
    const first = commitment((salts as Uint8Array).subarray(0, 16), canonicalize(value))
    copy.run('UPDATE payloads SET body = ? WHERE log = 1 AND seq = ?', canonicalize([[value], ...values]), seq)
    copy.put(1, Number(seq), { ...entry, c: [first, ...(entry.c as Json[]).slice(1)] })
    copy.rebuild(copy.signer)
  })
  return copy
}

describe.skipIf(NO_PYTHON !== null)(
  `a verifier in Python${NO_PYTHON === null ? '' : ` (skipped: ${NO_PYTHON})`}`,
  () => {
    test('finds what doesn’t belong together, or not in this order, where the first one does', async () => {
      const rows = forger.all('SELECT DISTINCT row FROM entries WHERE log = 1 AND row IS NOT NULL ORDER BY row')
      const all = rows.flatMap(({ row }) => CHANGES.map(change => ({ row: Number(row), change })))
      const asked = sampled(all, 31)
      const copies = asked.map(({ row, change }) => forged(row, change))
      try {
        const first = await Promise.all(
          [forger, ...copies].map(
            async each => (await verifyLedger(each.reader, { keys: each.keys, decisions: true })).ok,
          ),
        )
        const files = [forger, ...copies].map(each => each.url.slice('sqlite:'.length))
        const second = askPython(files, keys)
        const apart = asked.filter((_, i) => first[i + 1] !== second[i + 1]?.ok)
        expect(apart).toEqual([])
        expect([first[0], second[0]?.ok]).toEqual([true, true])
        expect(new Set(first)).toEqual(new Set([true, false]))
      } finally {
        for (const each of copies) each.close()
      }
    })
  },
)
