/**
 * Completeness records of random ledgers: they hold, nobody who edits one gets a claim that the honest one hasn't, and a second story of a row is
 * found, even if the holder of the key has written it.
 */
// @module-tag proof
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { makeSigner } from '../src/format/signing-key.ts'
import { parseVerifierKey } from '../src/format/verifier-key.ts'
import { isCustodyError } from '../src/model/error.ts'
import { type CheckedRecord, checkRecord } from '../src/read/check/check-record.ts'
import { generateModel, type Shape } from './simulation/generate.ts'
import { Random } from './simulation/random.ts'
import { LONG } from './support/form.ts'
import { testPorts } from './support/ledger.ts'
import { type Body, editedLines, recorded, recordParts, signedAnew } from './support/records.ts'
import { RICH, runModel, simulatedRun } from './support/simulated-ledger.ts'

const SEEDS = LONG ? 20 : 1
const EDITS = LONG ? 200 : 60
const BASE = { later: true, groups: true, crashes: false, max_nodes: 12, max_rows: 20 }
const SHAPES: ReadonlyArray<readonly [string, Shape]> = [
  ['forks and batches', { ...BASE, calls: true, nested: true, batched: true }],
  ['batches by key', { ...BASE, keyed: true, calls: true }],
  ['sorts and joins', { ...BASE, sorted: true, joined: true }],
  ['requests with several rows', { ...BASE, sends: true, batches: true }],
]

const { signer } = testPorts()
const keys = [parseVerifierKey(signer.verifier_key)]
const folder = mkdtempSync(join(tmpdir(), 'custody-records-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** In pieces that end anywhere. */
async function* piecesOf(text: string): AsyncIterable<string> {
  for (let at = 0; at < text.length; at += 1_000) yield text.slice(at, at + 1_000)
}

const checked = (text: string) => checkRecord(piecesOf(text), { trusted: keys })

const failed = ({ checks }: CheckedRecord) =>
  checks.filter(each => !each.ok).flatMap(({ name, problems }) => problems.map(each => `${name}: ${each}`))

test.each(SHAPES)('records of runs with %s hold', async (name, shape) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const url = `sqlite:${join(folder, `${name.replaceAll(' ', '-')}-${seed}.db`)}`
    await runModel(url, generateModel(new Random(seed), shape), 1)
    const result = await checked(await recorded(url, 1))
    expect(failed(result)).toEqual([])
    expect(result).toMatchObject({ ok: true, trust: 'key', kind: 'record', run: simulatedRun(1) })
  }
})

describe('one of a rich run', async () => {
  const url = `sqlite:${join(folder, 'rich.db')}`
  await runModel(url, RICH, 1)
  await runModel(url, RICH, 2)
  const [text, other] = [await recorded(url, 1), await recorded(url, 2)]
  const honest = await checked(text)
  const claims = new Set(honest.proven.map(each => JSON.stringify(each)))

  async function claimed(edited: string): Promise<readonly string[]> {
    try {
      return (await checked(edited)).proven.map(each => JSON.stringify(each))
    } catch (error) {
      if (isCustodyError(error) && error.code === 'CUSTODY_PROOF_UNREADABLE') return []
      throw error
    }
  }

  test('holds, and says what was there', () => {
    expect(failed(honest)).toEqual([])
    expect(honest.proven.map(({ what }) => what).join('\n')).toMatch(/13 records of forms were read, to its end/)
    expect(honest.withheld).toBeGreaterThan(20)
  })

  test('whoever trusts no key of it is claimed nothing', async () => {
    const stranger = makeSigner('stranger', new Uint8Array(32).fill(9))
    const result = await checkRecord(piecesOf(text), { trusted: [parseVerifierKey(stranger.verifier_key)] })
    expect(result).toMatchObject({ ok: false, trust: 'none', proven: [] })
    expect(failed(result)).toEqual([expect.stringMatching(/^trust: it is signed by /)])
  })

  test('no edit makes it claim what the honest one doesn’t', async () => {
    for (let seed = 1; seed <= EDITS; seed++) {
      const edited = editedLines(text.slice(0, -1).split('\n'), other.split('\n'), new Random(seed))
      const all = `${edited.join('\n')}\n`
      if (all === text) continue
      const got = await claimed(all)
      expect({ seed, beyond: got.filter(each => !claims.has(each)) }).toEqual({ seed, beyond: [] })
      // Signatures of others, and what isn't signed, are all that may differ.
      if (edited.slice(1).join() !== text.slice(0, -1).split('\n').slice(1).join())
        expect({ seed, got }).toEqual({ seed, got: [] })
    }
  })

  test('cut anywhere, continued, or without its last newline, it can’t be read', async () => {
    for (const cut of [0, 1, Math.floor(text.length / 2), text.length - 1])
      await expect(checked(text.slice(0, cut))).rejects.toMatchObject({ code: 'CUSTODY_PROOF_UNREADABLE' })
    for (const more of ['\n', 'x', '{}\n'])
      await expect(checked(text + more)).rejects.toMatchObject({ code: 'CUSTODY_PROOF_UNREADABLE' })
  })

  test('a second story of a row that the holder of the key has written is found', async () => {
    const parts = recordParts(text)
    const { entries } = parts
    // The first story that stands in one entry, put there once more before the next commit.
    const first = entries.findIndex(each => each.o === 0 && each.s !== undefined && each.p === undefined)
    const place = entries.findIndex((each, i) => each.k === 'commit' && i > first)
    const forged = entries.toSpliced(place, 0, entries[first] as Body)
    const result = await checked(signedAnew({ ...parts, entries: forged }))
    expect(
      result.checks.filter(each => each.name === 'signatures' || each.name === 'trust').every(each => each.ok),
    ).toBe(true)
    expect(result).toMatchObject({ ok: false, trust: 'key', proven: [] })
    expect(failed(result).join('\n')).toMatch(/entries: entry .*: its story begins, where row .* comes next/)
  })

  test('that of the ledger’s own log alone tells of all runs', async () => {
    const result = await checked(await recorded(url, null))
    expect(failed(result)).toEqual([])
    expect(result).toMatchObject({ ok: true, withheld: 0 })
    expect(result).not.toHaveProperty('run')
    expect(result.proven.map(({ what }) => what).join()).toMatch(/2 runs, 2 of them sealed/)
  })
})
