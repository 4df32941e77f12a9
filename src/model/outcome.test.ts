import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { endingConstraint, FATES, type Fate, fateNumber, fateOf } from './outcome.ts'

describe('the table of fates', () => {
  test('numbers are unique, ascending from 1, and found', () => {
    expect(FATES.map(each => each.number)).toEqual(FATES.map((_, i) => i + 1))
    for (const each of FATES) expect(fateOf(each.number)).toBe(each)
    for (const number of [0, FATES.length + 1, -1, 1.5, Number.NaN]) expect(fateOf(number)).toBeUndefined()
  })
  test('the numbers are part of the ledger format: this list only ever grows', () => {
    expect(FATES.map(each => `${each.number} ${each.outcome} ${each.cause}`)).toEqual([
      '1 COMPLETED flow',
      '2 ROUTED gate',
      '3 ROUTED error',
      '4 DISCARDED gate',
      '5 DISCARDED filter',
      '6 QUARANTINED source_invalid',
      '7 QUARANTINED error',
      '8 FAILED retries_exhausted',
      '9 FAILED batch_failed',
      '10 FAILED sink_rejected',
      '11 FAILED late_arrival',
      '12 FAILED branch_lost',
      '13 FAILED quorum_not_met',
      '14 FAILED timeout',
      '15 FAILED merge_conflict',
      '16 FAILED select_missing',
      '17 FAILED in_doubt',
      '18 FAILED replay_miss',
      '19 FAILED abandoned',
      '20 FORKED fork',
      '21 EXPANDED expand',
      '22 COALESCED merge',
      '23 CONSUMED_IN_BATCH batch',
      '24 CONSUMED_IN_BATCH join',
    ])
  })
  test('each pair of outcome and cause is there once, and found by name', () => {
    const pairs = FATES.map(each => `${each.outcome}/${each.cause}`)
    expect(new Set(pairs).size).toBe(pairs.length)
    expect(fateNumber('COMPLETED', 'flow')).toBe(1)
    expect(fateNumber('ROUTED', 'error')).toBe(3)
    expect(fateNumber('CONSUMED_IN_BATCH', 'batch')).toBe(23)
    // @ts-expect-error the table has no such pair, and the types know
    expect(() => fateNumber('COMPLETED', 'gate')).toThrow(TypeError)
  })
  test.each(FATES.map(each => [`${each.outcome}/${each.cause}`, each as Fate] as const))(
    '%s makes sense',
    (_, each) => {
      expect(each.words).toMatch(/^[a-z]/)
      // Failures say why, and nothing else does.
      expect(each.error).toBe(each.class === 'failure' ? 'required' : 'forbidden')
      // What is passed on continues in a group, not in a sink.
      if (each.class === 'passed on') expect([each.sink, each.group]).toEqual(['forbidden', 'required'])
      // Whoever completed or was routed names the sink.
      if (each.outcome === 'COMPLETED' || each.outcome === 'ROUTED') expect(each.sink).toBe('required')
      expect(each.class === 'failure').toBe(
        each.outcome === 'FAILED' || each.outcome === 'QUARANTINED' || each.cause === 'error',
      )
    },
  )
})

test('the constraint of the endings table accepts what the table of fates allows, and nothing else', () => {
  const db = new DatabaseSync(':memory:')
  db.exec(
    `CREATE TABLE endings (fate INTEGER NOT NULL, sink INTEGER, grp INTEGER, error_code TEXT, error_hash BLOB,
       CHECK (${endingConstraint()})) STRICT`,
  )
  const insert = db.prepare('INSERT INTO endings VALUES (?, ?, ?, ?, ?)')
  const accepts = (...row: [number, number | null, number | null, string | null, Uint8Array | null]): boolean => {
    try {
      insert.run(...row)
      return true
    } catch (error) {
      expect(String(error)).toContain('CHECK constraint failed')
      return false
    }
  }
  const fits = (presence: 'required' | 'optional' | 'forbidden', there: boolean): boolean =>
    presence === 'optional' || there === (presence === 'required')
  for (let number = 0; number <= FATES.length + 1; number++) {
    const each = fateOf(number)
    for (let bits = 0; bits < 16; bits++) {
      const [sink, group, code, hash] = [1, 2, 4, 8].map(bit => (bits & bit) !== 0) as [
        boolean,
        boolean,
        boolean,
        boolean,
      ]
      const allowed =
        each !== undefined &&
        fits(each.sink, sink) &&
        fits(each.group, group) &&
        fits(each.error, code) &&
        fits(each.error, hash)
      const row = [
        number,
        sink ? 1 : null,
        group ? 1 : null,
        code ? 'E' : null,
        hash ? new Uint8Array(32) : null,
      ] as const
      expect(accepts(...row), `fate ${number}, sink ${sink}, group ${group}, code ${code}, hash ${hash}`).toBe(allowed)
    }
  }
  db.close()
})
