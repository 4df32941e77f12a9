/** What every store of a ledger must do so that one process at a time writes a run. Numbers are those of src/ledger/write-port.ts. */
import { describe, expect, test } from 'vitest'
import { LEASE_US } from '../../src/ledger/write/lease.ts'
import type { RunLedger } from '../../src/ledger/write-port.ts'
import { thisProcess } from '../../src/model/holder.ts'
import { commitDraft, nothingToSee, opening, RUN, sealFacts, simpleRow, T0, totals } from '../support/ledger.ts'
import { contents, DEAD, logZero, OTHER_RUN, type Place, stage } from './stage.ts'

export function leaseConformance(kind: string, makePlace: () => Promise<Place>): void {
  const { begin, join } = stage(makePlace)

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

    test('who has lost a log that is ever longer finds it lost when it is to be sealed, and not altered', async () => {
      const { ledger, place, ports } = await begin(DEAD)
      const add = async (run: RunLedger, row: number) => {
        run.append(simpleRow(row))
        run.appendRun(commitDraft(row, 10 * row, totals(row, row, row)))
        await run.commit()
      }
      await add(await ledger.openRun(RUN, opening()), 1)
      // Rows from before it took the log over it reads where they are stored.
      const { ledger: late } = await (await join(place, ports, DEAD)).takeOver(RUN, nothingToSee)
      await add(late, 2)
      const { ledger: next } = await (await join(place, ports)).takeOver(RUN, nothingToSee)
      await add(next, 3)
      await expect(late.seal(sealFacts(totals(2, 2, 2)))).rejects.toMatchObject({ code: 'CUSTODY_RUN_LOST' })
      await next.seal(sealFacts(totals(3, 3, 3)))
      await expect(late.seal(sealFacts(totals(2, 2, 2)))).rejects.toMatchObject({ code: 'CUSTODY_RUN_LOST' })
    })

    test('some leases are read where there may be many', async () => {
      const { ledger, reader } = await begin(DEAD)
      const runs = [1, 2, 3, 4].map(number => RUN.replace(/1$/, `${number}`))
      for (const run of runs) await ledger.openRun(run, opening(run))
      const logsOf = async (page?: Parameters<typeof reader.leases>[0]) =>
        (await reader.leases(page)).map(({ log }) => log)
      expect(await logsOf()).toEqual([1, 2, 3, 4])
      expect(await logsOf({ from: 2, to: 3, at_most: 9 })).toEqual([2, 3])
      expect(await logsOf({ from: 2, to: 4, at_most: 2 })).toEqual([2, 3])
      expect(await logsOf({ from: 5, to: 9, at_most: 9 })).toEqual([])
      expect(await reader.leases({ from: 1, to: 4, at_most: 4 })).toEqual(await reader.leases())
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

    test('no head is put over one that its former holder signed in the last moment', async () => {
      const { ledger, place, ports, reader } = await begin(DEAD)
      const run = await ledger.openRun(RUN, opening())
      const late: Promise<PromiseSettledResult<unknown>[]>[] = []
      let looks = 0
      // The time is asked for when all was looked at, right before the lease is taken.
      const now_us = () => {
        if (looks === 1 && late.length === 0) {
          run.append(simpleRow(1))
          late.push(Promise.allSettled([run.commit()]))
        }
        return ports.now_us()
      }
      const other = await join(place, { ...ports, now_us })
      const { epoch, ledger: resumed } = await other.takeOver(RUN, async () => looks++)
      const [[woken] = []] = await Promise.all(late)
      // Where a commit takes a while either of the two may be first; the other one isn't done.
      const was_first = woken?.status === 'fulfilled'
      if (woken?.status === 'rejected') expect(woken.reason).toMatchObject({ code: 'CUSTODY_RUN_LOST' })
      expect([looks, epoch, resumed.size, late.length]).toEqual(was_first ? [2, 2, 2, 1] : [1, 2, 1, 1])
      expect(await reader.head(run.log)).toContain(was_first ? '\n2\n' : '\n1\n')
      expect(await logZero(reader)).toEqual(['birth', 'opened', 'taken_over'])
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
