/** What every store of a ledger must do. Numbers are those of docs/architecture.md and of src/ledger/write-port.ts. */
import { afterEach, describe, expect, test } from 'vitest'
import { leafHash } from '../../src/format/hash.ts'
import { SetHash } from '../../src/format/set-hash.ts'
import { makeSigner } from '../../src/format/signing-key.ts'
import { Frontier } from '../../src/format/tree.ts'
import { parseVerifierKey } from '../../src/format/verifier-key.ts'
import { type Remembered, trustIn } from '../../src/ledger/keys/trust.ts'
import type { LedgerReader, StoredPayload } from '../../src/ledger/read-port.ts'
import type { Store } from '../../src/ledger/store.ts'
import { Entropy } from '../../src/ledger/write/entropy.ts'
import { LEASE_US } from '../../src/ledger/write/lease.ts'
import { StoredLedger } from '../../src/ledger/write/ledger.ts'
import { birth } from '../../src/ledger/write/log-zero.ts'
import type { Threads } from '../../src/ledger/write/run-ledger.ts'
import type { LedgerPorts, RunLedger, WriteBatch } from '../../src/ledger/write-port.ts'
import { type Holder, thisProcess } from '../../src/model/holder.ts'
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
  testPorts,
  totals,
  visit,
} from '../support/ledger.ts'

/** One database. */
export interface Place {
  /** A new ledger in it. */
  create(birth: WriteBatch): Promise<Store>
  /** Another connection to that ledger. */
  open(): Promise<Store>
  /** Where stage 2 is done, if not in this thread. */
  readonly threads?: (ports: LedgerPorts) => Threads
  remove(): Promise<void>
}

/** What the first kind of ledger held after the sample run. */
let same: unknown
const OTHER_RUN = RUN.replace(/1$/, '2')
const DEAD: Holder = { ...thisProcess(), start: 'before' }

/** Runs the suite against a kind of store; `makePlace` gives an empty database each time. */
export function ledgerConformance(kind: string, makePlace: () => Promise<Place>): void {
  const cleanups: Array<() => Promise<void>> = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })

  async function begin(holder = thisProcess(), seed = 'test') {
    const place = await makePlace()
    cleanups.push(() => place.remove())
    const ports = testPorts(seed)
    const entropy = new Entropy(ports.entropy)
    const store = await place.create(birth('ledger-id', ports, entropy))
    cleanups.push(() => store.close())
    const ledger = await StoredLedger.open(store, ports, { holder, entropy, threads: place.threads?.(ports) })
    cleanups.push(() => ledger.close())
    return { place, ports, store, ledger, reader: store.reader }
  }

  /** A second writer, as another process would be. */
  async function join(place: Place, ports: LedgerPorts, holder = thisProcess()) {
    const store = await place.open()
    cleanups.push(() => store.close())
    const ledger = await StoredLedger.open(store, ports, { holder, threads: place.threads?.(ports) })
    cleanups.push(() => ledger.close())
    return ledger
  }

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
      expect((await reader.payload(run.log, 1))?.body).toBe('[[{"amount":1,"id":1}],[1,{"ok":true},[]]]')
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
      expect(expected.map(each => each.payload?.body.includes('amount'))).toEqual([true, true])
      expect(await reader.entriesOfRows(run.log, 2, 3)).toEqual(expected)
      expect(await reader.entriesOfRows(run.log, 5, 9)).toEqual([])
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

    describe('erasing', () => {
      /** One run with three rows, sealed. */
      async function sealed() {
        const found = await begin()
        const run = await found.ledger.openRun(RUN, opening())
        for (const row of [1, 2, 3]) run.append(simpleRow(row))
        run.appendRun(commitDraft(1, 3, totals(3, 3, 3)))
        await run.commit()
        await run.seal(sealFacts(totals(3, 3, 3)))
        return { ...found, log: run.log }
      }
      const gone = (log: number, values: readonly number[][], payloads: readonly StoredPayload[] = []) => ({
        erasures: [{ log, run: RUN, values, payloads }],
      })
      const nowhere = () => undefined

      test('takes whole entries and single values, and says so in log 0 (ERASE-PORT-1)', async () => {
        const { ledger, reader, log } = await sealed()
        const [before, third] = [await contents(reader), await reader.payload(log, 3)]
        const rest = {
          seq: 3,
          salts: Uint8Array.from(third?.salts ?? []).fill(0, 16),
          body: `${third?.body.slice(0, third.body.indexOf('],['))}],null]`,
        }
        await ledger.erase(
          async () =>
            gone(
              log,
              [
                [1, 2],
                [3, 3, 2],
              ],
              [rest],
            ),
          nowhere,
        )
        expect(await reader.payload(log, 1)).toEqual({ seq: 1, salts: new Uint8Array(32), body: '[null,null]' })
        expect(await reader.payload(log, 2)).toEqual({ seq: 2, salts: new Uint8Array(32), body: '[null,null]' })
        expect(await reader.payload(log, 3)).toEqual(rest)
        const after = await contents(reader)
        expect(after.entries[log]).toEqual(before.entries[log])
        expect(after.endings).toEqual(before.endings)
        expect(JSON.parse(after.entries[0]?.at(-1)?.body ?? '')).toMatchObject({
          k: 'erase',
          log,
          values: [
            [1, 2],
            [3, 3, 2],
          ],
        })
        expect(await ledger.scrub(1_000, nowhere)).toEqual({ done: true })
        expect(await contents(reader)).toEqual(after)
      })

      test('does nothing where nothing is named, and all or nothing otherwise', async () => {
        const { ledger, reader, log } = await sealed()
        const before = await contents(reader)
        await ledger.erase(async () => ({ erasures: [] }), nowhere)
        const stop = () => {
          throw new Error('the power went')
        }
        const points: string[] = []
        const failing = ledger.erase(
          async () => gone(log, [[1, 1]]),
          point => {
            points.push(point)
            if (point === 'mid_erase') stop()
          },
        )
        await expect(failing).rejects.toThrow('the power went')
        expect(points).toEqual(['before_erase', 'mid_erase'])
        await expect(ledger.erase(async () => gone(log, [[3, 3, 1]], [absent]), nowhere)).rejects.toMatchObject({
          code: 'CUSTODY_ENGINE_DEFECT',
        })
        expect(await contents(reader)).toEqual(before)
      })
      const absent = { seq: 99, salts: new Uint8Array(16), body: '[null]' }

      test('is decided anew if another process came first (ERASE-PORT-2)', async () => {
        const { place, ports, ledger, reader, log } = await sealed()
        const other = await join(place, ports)
        const sizes: number[] = []
        await ledger.erase(async within => {
          sizes.push(await within.size(0))
          if (sizes.length === 1) await other.openRun(OTHER_RUN, opening(OTHER_RUN))
          return gone(log, [[1, 1]])
        }, nowhere)
        expect(sizes).toEqual([3, 4])
        expect(await reader.size(0)).toBe(5)
      })

      test('isn’t done as long as somebody reads what was there before (ERASE-PORT-3)', async () => {
        const { place, ports, ledger, reader, log } = await sealed()
        const other = await join(place, ports)
        await other.reader.snapshot(async () => {
          await other.reader.size(0)
          await ledger.erase(async () => gone(log, [[1, 1]]), nowhere)
          expect(await ledger.scrub(20, nowhere)).toMatchObject({ done: false })
        })
        expect(await ledger.scrub(1_000, nowhere)).toEqual({ done: true })
        expect((await reader.payload(log, 1))?.body).toBe('[null,null]')
      })
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
      const of = async () => {
        const { ledger, reader } = await begin()
        const run = await ledger.openRun(RUN, opening())
        await sampleRun(run)
        await run.seal(sealFacts(totals(4, 10, 10)))
        return contents(reader)
      }
      const first = await of()
      expect(await of()).toEqual(first)
      expect(first.leases).toEqual([])
      // What a ledger holds is the same wherever stage 2 was done.
      same ??= first
      expect(first).toEqual(same)
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
      const trust = { ...ports.trust, recall: () => known, remember: (_: string, head: Remembered) => (known = head) }
      await (await join(place, { ...ports, trust })).openRun(RUN, opening())
      const ours = known as Remembered | null
      expect(ours).toEqual({ keys: [ports.signer.verifier_key], size: 2, root: await rootOf(reader, 0) })
      // Others may have continued.
      await ledger.openRun(OTHER_RUN, opening(OTHER_RUN))
      await join(place, { ...ports, trust })
      expect((known as Remembered | null)?.size).toBe(3)
      const refused = async (head: Partial<Remembered>) => {
        known = { ...(ours as Remembered), ...head }
        return join(place, { ...ports, trust }).catch(error => (error as { code: string }).code)
      }
      expect(await refused({ size: 4 })).toBe('CUSTODY_LEDGER_ROLLED_BACK')
      expect(await refused({ root: 'ab'.repeat(32) })).toBe('CUSTODY_LEDGER_FORKED')
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

  describe(`leases in ${kind}`, () => {
    test('a live holder is left alone until its lease is out', async () => {
      const { ledger, place, ports } = await begin({ ...thisProcess(), host: 'another machine' })
      const run = await ledger.openRun(RUN, opening())
      const other = await join(place, ports)
      await expect(other.takeOver(RUN, nothingToSee)).rejects.toMatchObject({ code: 'CUSTODY_RUN_HELD' })
      ports.advance(LEASE_US - 1000)
      await run.renew()
      ports.advance(LEASE_US - 1000)
      await expect(other.takeOver(RUN, nothingToSee)).rejects.toMatchObject({ code: 'CUSTODY_RUN_HELD' })
      ports.advance(1000)
      expect((await other.takeOver(RUN, nothingToSee)).epoch).toBe(2)
    })

    test('a dead holder on this machine is replaced at once, and can write no more (WRITE-PORT-4)', async () => {
      const { ledger, place, ports, reader } = await begin(DEAD)
      const run = await ledger.openRun(RUN, opening())
      run.append(simpleRow(1))
      await run.commit()
      const { ledger: resumed, epoch } = await (await join(place, ports)).takeOver(RUN, nothingToSee)
      expect([epoch, resumed.size]).toEqual([2, 2])
      const before = await contents(reader)
      for (const woken of [() => lateCommit(run), () => run.renew(), () => run.release()]) {
        await expect(woken()).rejects.toMatchObject({ code: 'CUSTODY_RUN_LOST' })
      }
      expect(await contents(reader)).toEqual(before)
      resumed.appendRun({ entry: { k: 'resume', epoch, cut: [], t: T0 }, first_value: 0, values: [] })
      resumed.append(simpleRow(2))
      await resumed.commit()
      expect(await reader.size(run.log)).toBe(4)
      expect(await logZero(reader)).toEqual(['birth', 'opened', 'taken_over'])
    })

    test('a look that refuses what it finds leaves no trace', async () => {
      const { ledger, place, ports, reader } = await begin(DEAD)
      const run = await ledger.openRun(RUN, opening())
      run.append(simpleRow(1))
      await run.commit()
      const before = await contents(reader)
      const refuses = (await join(place, ports)).takeOver(RUN, async () => {
        throw new Error('not so')
      })
      await expect(refuses).rejects.toThrow('not so')
      expect(await contents(reader)).toEqual(before)
    })

    test('what was found is of the log that is taken over, though its former holder writes meanwhile', async () => {
      const { ledger, place, ports, reader } = await begin(DEAD)
      const run = await ledger.openRun(RUN, opening())
      let looks = 0
      const { seen, ledger: resumed } = await (await join(place, ports)).takeOver(RUN, async () => {
        const size = await reader.size(run.log)
        if (++looks === 1) {
          run.append(simpleRow(1))
          await run.commit()
        }
        return size
      })
      expect([looks, seen, resumed.size]).toEqual([2, 2, 2])
    })

    test('a run that was released can be taken over, one that is sealed or unknown can not', async () => {
      const { ledger, place, ports } = await begin()
      const run = await ledger.openRun(RUN, opening())
      await run.release()
      const other = await join(place, ports)
      const { ledger: resumed } = await other.takeOver(RUN, nothingToSee)
      await resumed.seal(sealFacts(totals(0, 0, 0)))
      for (const id of [RUN, OTHER_RUN]) {
        await expect(other.takeOver(id, nothingToSee)).rejects.toMatchObject({ code: 'CUSTODY_RUN_UNKNOWN' })
      }
    })
  })
}

async function lateCommit(run: RunLedger): Promise<unknown> {
  run.appendRun(commitDraft(9, 9, totals(0, 0, 0)))
  return run.commit()
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const each of stream) items.push(each)
  return items
}

async function rootOf(reader: LedgerReader, log: number): Promise<string> {
  const tree = new Frontier()
  for await (const { body } of reader.entries(log)) tree.append(leafHash(body))
  return tree.root()
}

async function logZero(reader: LedgerReader): Promise<string[]> {
  return (await all(reader.entries(0))).map(each => (JSON.parse(each.body) as { k: string }).k)
}

/** Everything that a ledger holds. */
async function contents(reader: LedgerReader) {
  const logs = await reader.logs()
  const of = async <T>(read: (log: number) => AsyncIterable<T>) => Promise.all(logs.map(({ log }) => all(read(log))))
  return {
    logs,
    entries: await of(log => reader.entries(log)),
    payloads: await of(log => reader.payloads(log)),
    endings: await of(log => reader.endings(log)),
    open_tokens: await of(log => reader.openTokens(log)),
    heads: await reader.heads(),
    leases: await reader.leases(),
  }
}
