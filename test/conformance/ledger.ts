/** What every store of a ledger must do. Numbers are those of docs/architecture.md and of src/ledger/write-port.ts. */

import { describe, expect, test } from 'vitest'
import { leafHash } from '../../src/format/hash.ts'
import { SetHash } from '../../src/format/set-hash.ts'
import { makeSigner } from '../../src/format/signing-key.ts'
import { Frontier } from '../../src/format/tree.ts'
import { parseVerifierKey } from '../../src/format/verifier-key.ts'
import { type Remembered, trustIn } from '../../src/ledger/keys/trust.ts'
import type { LedgerReader } from '../../src/ledger/read-port.ts'
import type { WriteBatch } from '../../src/ledger/write-port.ts'
import {
  commitDraft,
  full,
  nothingToSee,
  opening,
  RUN,
  sampleRun,
  sealFacts,
  simpleRow,
  subjectDraft,
  T0,
  totals,
  visit,
} from '../support/ledger.ts'
import { readable } from '../support/payload.ts'
import { erasingConformance } from './erasing.ts'
import { leaseConformance } from './leases.ts'
import { all, contents, DEAD, logZero, OTHER_RUN, type Place, stage } from './stage.ts'

/**
 * Runs the suite against a kind of store; `makePlace` gives an empty database each time. A ledger that `makeOther` gives a place to holds the same
 * bytes.
 */
export function ledgerConformance(
  kind: string,
  makePlace: () => Promise<Place>,
  makeOther: () => Promise<Place> = makePlace,
): void {
  const { begin, join } = stage(makePlace)
  const other = stage(makeOther)

  describe(`a ledger in ${kind}`, () => {
    test('holds what was committed, under a signed checkpoint (WRITE-PORT-1)', async () => {
      const { ledger, reader } = await begin()
      const run = await ledger.openRun(RUN, opening())
      expect(run.append(simpleRow(1))).toBe(1)
      expect(await reader.size(run.log)).toBe(1)
      const { size, root } = await run.commit()
      expect([size, root]).toEqual([2, await rootOf(reader, run.log)])
      const head = await reader.head(run.log)
      expect(head).toContain(`custody/ledger-id/1\n2\n${Buffer.from(root, 'hex').toString('base64')}\n\n— test `)
      expect((await reader.entriesOfRow(run.log, 1)).map(each => each.seq)).toEqual([1])
      expect(readable(await reader.payload(run.log, 1))?.body).toBe('[[{"amount":1,"id":1}],[1,{"ok":true},[]]]')
    })

    test('gives the entries of some rows at once, with their payloads', async () => {
      const { ledger, reader } = await begin()
      const run = await ledger.openRun(RUN, opening())
      for (const row of [1, 2, 3, 4]) run.append(simpleRow(row))
      await run.commit()
      const expected = []
      for (const row of [2, 3])
        for (const entry of await reader.entriesOfRow(run.log, row))
          expected.push({ ...entry, payload: await reader.payload(run.log, entry.seq) })
      expect(expected.map(each => readable(each.payload)?.body.includes('amount'))).toEqual([true, true])
      expect(await reader.entriesOfRows(run.log, 2, 3)).toEqual(expected)
      expect(await reader.entriesOfRows(run.log, 5, 9)).toEqual([])
    })

    test('gives a log with few entries in one go, and none that is longer or empty', async () => {
      const { ledger, reader } = await begin()
      const run = await ledger.openRun(RUN, opening(), 1)
      run.append(simpleRow(1))
      await run.commit()
      const size = await reader.size(run.log)
      const whole = { head: await reader.head(run.log), entries: await reader.page(run.log, 0, size) }
      expect(whole.entries).toHaveLength(size)
      expect(await reader.shortLog(run.log, size)).toEqual(whole)
      expect(await reader.shortLog(run.log, size - 1)).toBeNull()
      expect(await reader.shortLog(run.log + 1, size)).toBeNull()
    })

    test('says how far splits are, of those that have gone further', async () => {
      const { ledger, reader } = await begin()
      const run = await ledger.openRun(RUN, opening(), 3)
      const { root: opening_leaf } = await run.commit()
      const part = (number: number) => ({ k: 'part', run: RUN, part: number, opening: opening_leaf, t: T0 }) as const
      for (const number of [1, 3]) {
        const begin = { entry: part(number), first_value: 0, values: [] }
        await (await ledger.takeSplit({ run: RUN, part: number, begin }, nothingToSee)).ledger.release()
      }
      const splits = ledger.splitsOf(RUN)
      const all = await splits.heads()
      expect(all.map(each => [each.part, each.size])).toEqual([
        [1, 1],
        [3, 1],
      ])
      const ends = await reader.ends({ from: run.log, to: run.log + 3 })
      expect(ends).toEqual(
        await Promise.all(
          [run.log, run.log + 1, run.log + 3].map(async log => {
            const size = await reader.size(log)
            return { log, size, leaf: (await reader.leaves(log, size - 1, 1))[0] }
          }),
        ),
      )
      const stored = await reader.heads({ from: run.log + 1, to: run.log + 3 })
      expect(stored.map(({ log }) => log)).toEqual([run.log + 1, run.log + 3])
      const past = new Map([
        [1, 1],
        [3, 0],
      ])
      expect(await splits.heads(past)).toEqual(all.slice(1))
    })

    test('refuses a second ending, and all that came with it (I1, I2)', async () => {
      const { ledger, reader } = await begin()
      const run = await ledger.openRun(RUN, opening())
      run.append(simpleRow(1))
      await run.commit()
      const before = await contents(reader)
      run.append(simpleRow(2))
      run.append(simpleRow(3, 1))
      await expect(run.commit()).rejects.toMatchObject({ code: 'CUSTODY_ENGINE_DEFECT' })
      expect(await contents(reader)).toEqual(before)
      expect(run.size).toBe(2)
      run.append(simpleRow(2))
      await run.commit()
      expect(await reader.size(run.log)).toBe(3)
    })

    test('refuses endings that the table of outcomes does not have', async () => {
      const { ledger } = await begin()
      const run = await ledger.openRun(RUN, opening())
      const ending = { token: 1, fate: 2 as const, node: 3, sink: 0, group: 0, error: null }
      run.append({ ...simpleRow(1), endings: [ending] })
      await expect(run.commit()).rejects.toMatchObject({ code: 'CUSTODY_ENGINE_DEFECT' })
    })

    test('takes the next seq only (WRITE-PORT-2)', async () => {
      const { ledger, store, reader } = await begin()
      const run = await ledger.openRun(RUN, opening())
      const batch = (...seqs: number[]): WriteBatch => ({
        log: run.log,
        lease: { kind: 'keep', epoch: 1, expires_us: T0 },
        entries: seqs.map(seq => ({ seq, row: null, batch: null, body: Buffer.from('{}') })),
        payloads: [],
        endings: [],
        closed_tokens: [],
        open_tokens: [],
        tiles: [],
        head: 'x',
        ledger: null,
      })
      for (const seqs of [[0], [2], [1, 3]]) await expect(store.write(batch(...seqs))).rejects.toThrow()
      expect(await reader.size(run.log)).toBe(1)
      await store.write(batch(1, 2))
      expect(await reader.size(run.log)).toBe(3)
    })

    test('keeps open tokens where they stand, and each commit states how many there are and the hash of their set (WRITE-PORT-3)', async () => {
      const { ledger, reader } = await begin()
      const run = await ledger.openRun(RUN, opening())
      const row = (previous: number | null, open: number, ended: number[], ...moved: [number, number][]) =>
        run.append(
          subjectDraft({
            subject: { kind: 'row', row: 1 },
            time_us: T0,
            previous,
            open,
            moved: moved.map(([token, node]) => ({ token, node })),
            endings: ended.map(token => ({ token, fate: 2, node: 9, sink: 9, group: 0, error: null })),
          }),
        )
      const commits: unknown[] = []
      const commit = async () => {
        run.appendRun(commitDraft(commits.length + 1, 1, totals(1, 1, 1)))
        const { size } = await run.commit()
        commits.push((JSON.parse((await reader.entry(run.log, size - 1))?.body ?? '') as { open: unknown }).open)
        const set = new SetHash()
        const stored = await all(reader.openTokens(run.log))
        for (const { token, row, batch, node, seq } of stored) set.add(JSON.stringify([token, row, batch, node, seq]))
        expect(commits.at(-1)).toEqual({ count: stored.length, hash: set.digest() })
        return stored.map(({ token, node, seq }) => [token, node, seq])
      }
      const first = row(null, 2, [], [1, 7], [2, 8])
      expect(await commit()).toEqual([
        [1, 7, first],
        [2, 8, first],
      ])
      // One ends, one is born and ends again, one is recorded where it stood before.
      const second = row(first, 2, [2], [1, 7], [3, 9], [4, 8])
      const third = row(second, 2, [4], [3, 8])
      expect(await commit()).toEqual([
        [1, 7, first],
        [3, 8, third],
      ])
      // What isn't durable was never there.
      row(third, 1, [1], [3, 9])
      run.drop()
      expect(await commit()).toEqual([
        [1, 7, first],
        [3, 8, third],
      ])
      row(third, 0, [1, 3])
      expect(await commit()).toEqual([])
      expect(commits.at(-1)).toEqual({ count: 0, hash: new SetHash().digest() })
    })

    test('finds the commitment to an error that an earlier entry holds', async () => {
      const { ledger, reader } = await begin()
      const run = await ledger.openRun(RUN, opening())
      const error = { code: 'BROKEN', value: 1 }
      const subject = { kind: 'batch', batch: 5 } as const
      const failed = run.append(
        subjectDraft({
          subject,
          time_us: T0,
          visits: [visit(1, 2, 1, [0, 0], 1, 0, error)],
          values: [full({ code: 'BROKEN' })],
          moved: [{ token: 1, node: 9 }],
        }),
      )
      const ending = { token: 1, fate: 3 as const, node: 9, sink: 9, group: 0, error }
      await run.commit()
      run.append(subjectDraft({ subject, time_us: T0, previous: failed, endings: [ending] }))
      await run.commit()
      const { c } = JSON.parse((await reader.entry(run.log, failed))?.body ?? '') as { c: string[] }
      const stored = await reader.ending(run.log, 1)
      expect(Buffer.from(stored?.error_hash ?? []).toString('hex')).toBe(c[0])
    })

    test('gives the same bytes for the same entries, clock and entropy', async () => {
      const of = async (begins: typeof begin) => {
        const { ledger, reader } = await begins()
        const run = await ledger.openRun(RUN, opening())
        await sampleRun(run)
        await run.seal(sealFacts(totals(4, 10, 10)))
        return contents(reader)
      }
      const first = await of(begin)
      expect(await of(begin)).toEqual(first)
      expect(first.leases).toEqual([])
      // What a ledger holds is the same wherever it is, and wherever stage 2 was done.
      expect(await of(other.begin)).toEqual(first)
    })

    test('keeps what witnesses and authorities say once, however often they say it', async () => {
      const { store, reader } = await begin()
      const dated = { size: 1, note: 'a note', stamp: Uint8Array.of(1, 2) }
      const others = [
        { size: 1, note: 'another' },
        { size: 2, note: 'a note' },
      ]
      for (const each of [dated, dated, ...others, dated]) await store.keepWitnessed(each)
      for (const each of [dated, dated, { ...dated, stamp: Uint8Array.of(3) }]) await store.keepTimestamp(each)
      expect(await all(reader.witnessed())).toEqual([{ size: 1, note: 'a note' }, ...others])
      expect((await all(reader.timestamps())).map(({ stamp }) => [...stamp])).toEqual([[1, 2], [3]])
    })

    test('has one last entry of each row and batch, and seals with the same trees of them after it was resumed', async () => {
      const { ledger, reader, place, ports } = await begin(DEAD)
      const run = await ledger.openRun(RUN, opening())
      await sampleRun(run)
      const last: Array<[number | null, number]> = []
      for (const kind of ['row', 'batch'] as const)
        for await (const { row, seq } of reader.lastEntries(run.log, { kind, first: 1, last: 9 })) last.push([row, seq])
      expect(last).toEqual([
        [1, 1],
        [2, 2],
        [3, 7],
        [4, 8],
        [null, 9],
      ])
      const tree = (seqs: number[]) => async () => {
        const hashes = new Frontier()
        for (const seq of seqs) hashes.append(leafHash((await reader.entry(run.log, seq))?.body ?? ''))
        return { size: seqs.length, root: hashes.root() }
      }
      const subjects = { rows: await tree([1, 2, 7, 8])(), batches: await tree([9])() }
      const { ledger: resumed } = await (await join(place, ports)).takeOver(RUN, nothingToSee)
      await resumed.seal(sealFacts(totals(4, 10, 10)))
      const seal = await reader.entry(run.log, (await reader.size(run.log)) - 1)
      expect(JSON.parse(seal?.body ?? '')).toMatchObject({ k: 'seal', subjects })
    })

    test('keeps the order of log 0 when several processes write', async () => {
      const { ledger, reader, place, ports } = await begin()
      const other = await join(place, ports)
      const first = await ledger.openRun(RUN, opening())
      const second = await other.openRun(OTHER_RUN, opening(OTHER_RUN))
      expect([first.log, second.log]).toEqual([1, 2])
      await first.seal(sealFacts(totals(0, 0, 0)))
      await second.seal(sealFacts(totals(0, 0, 0)))
      expect(await logZero(reader)).toEqual(['birth', 'opened', 'opened', 'sealed', 'sealed'])
      expect(await reader.head(0)).toContain(`\n5\n${Buffer.from(await rootOf(reader, 0), 'hex').toString('base64')}\n`)
    })

    test('is written with a key that is in force, and with no other', async () => {
      const { ledger, reader, place, ports } = await begin()
      const other = makeSigner('other', new Uint8Array(32).fill(1))
      const before = await contents(reader)
      // A key of somebody whom nobody here knows, and of somebody who trusts the ledger.
      for (const trust of [trustIn([parseVerifierKey(other.verifier_key)]), ports.trust])
        await expect(join(place, { ...ports, signer: other, trust })).rejects.toMatchObject({
          code: 'CUSTODY_KEY_UNKNOWN',
        })
      expect(await contents(reader)).toEqual(before)
      await ledger.changeKeys('add', [other.verifier_key], [ports.signer, other])
      await (await join(place, { ...ports, signer: other })).openRun(RUN, opening())
      await ledger.changeKeys('retire', [ports.signer.verifier_key], [other])
      const late = ledger.openRun(OTHER_RUN, opening(OTHER_RUN))
      await expect(late).rejects.toMatchObject({ code: 'CUSTODY_KEY_UNKNOWN' })
      expect(await logZero(reader)).toEqual(['birth', 'key', 'opened', 'key'])
    })

    test('takes no change of keys that the old and the new one haven’t both signed', async () => {
      const { ledger, reader, ports } = await begin()
      const other = makeSigner('other', new Uint8Array(32).fill(1))
      const before = await contents(reader)
      for (const [signer, why] of [
        [ports.signer, /other\+\w+ is added, and hasn’t signed that$/],
        [other, /no Ed25519 key that is in force has signed it, nor a recovery key alone$/],
      ] as const)
        await expect(ledger.changeKeys('add', [other.verifier_key], [signer])).rejects.toMatchObject({
          code: 'CUSTODY_KEY',
          message: expect.stringMatching(why),
        })
      expect(await contents(reader)).toEqual(before)
    })

    test('trusts whoever was added later, if they signed it themselves', async () => {
      const { ledger, place, ports } = await begin()
      const other = makeSigner('other', new Uint8Array(32).fill(1))
      await ledger.changeKeys('add', [other.verifier_key], [ports.signer, other])
      const theirs = { ...ports, signer: other, trust: trustIn([parseVerifierKey(other.verifier_key)]) }
      expect((await (await join(place, theirs)).openRun(RUN, opening())).log).toBe(1)
    })

    test('is what this user remembers, or continues it', async () => {
      const { ledger, reader, place, ports } = await begin()
      let known: Remembered | null = null
      const replace = (_: string, __: Remembered | null, after: Remembered) => {
        known = after
        return true
      }
      const trust = { ...ports.trust, recall: () => known, replace }
      await (await join(place, { ...ports, trust })).openRun(RUN, opening())
      const ours = known as Remembered | null
      const keys = [ports.signer.verifier_key]
      expect(ours).toMatchObject({ keys, in_force: keys, written: true })
      expect(ours?.heads.map(each => each.size)).toEqual([1, 2])
      expect(ours?.heads.at(-1)?.root).toBe(await rootOf(reader, 0))
      // Others may have continued.
      await ledger.openRun(OTHER_RUN, opening(OTHER_RUN))
      await join(place, { ...ports, trust })
      expect((known as Remembered | null)?.heads.map(each => each.size)).toEqual([1, 2, 3])
      const newest = { size: 3, root: await rootOf(reader, 0), t_us: T0 }
      const refused = async (head: Partial<Remembered>) => {
        known = { ...(ours as Remembered), ...head }
        return join(place, { ...ports, trust }).catch(error => (error as { code: string }).code)
      }
      expect(await refused({ heads: [{ ...newest, size: 4 }] })).toBe('CUSTODY_LEDGER_ROLLED_BACK')
      expect(await refused({ heads: [{ ...newest, root: 'ab'.repeat(32) }] })).toBe('CUSTODY_LEDGER_FORKED')
      expect(await refused({ keys: [makeSigner('other', new Uint8Array(32)).verifier_key] })).toBe(
        'CUSTODY_KEY_UNKNOWN',
      )
    })

    test('never records a time before its last one, whatever the clock says', async () => {
      const { ledger, reader, place, ports } = await begin()
      ports.advance(60_000_000)
      await ledger.openRun(RUN, opening())
      const behind = { ...ports, now_us: () => T0 - 3_600_000_000 }
      const run = await (await join(place, behind)).openRun(OTHER_RUN, opening(OTHER_RUN))
      const times = (await all(reader.entries(0))).map(each => (JSON.parse(each.body) as { t: number }).t)
      expect(times).toEqual([...times].sort((a, b) => a - b))
      expect(JSON.parse((await reader.entry(run.log, 0))?.body ?? '')).toMatchObject({ t: run.began_us })
      expect(run.began_us).toBe(times.at(-1))
    })
  })

  erasingConformance(kind, makePlace)
  leaseConformance(kind, makePlace)
}

async function rootOf(reader: LedgerReader, log: number): Promise<string> {
  const tree = new Frontier()
  for await (const { body } of reader.entries(log)) tree.append(leafHash(body))
  return tree.root()
}
