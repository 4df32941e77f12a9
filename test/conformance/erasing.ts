/** What every store of a ledger must do when values are erased. Numbers are those of src/ledger/erase-port.ts. */

import { describe, expect, test } from 'vitest'
import type { ReadablePayload } from '../../src/ledger/read-port.ts'
import { commitDraft, opening, RUN, sealFacts, simpleRow, totals } from '../support/ledger.ts'
import { readable } from '../support/payload.ts'
import { contents, OTHER_RUN, type Place, stage } from './stage.ts'

export function erasingConformance(kind: string, makePlace: () => Promise<Place>): void {
  const { begin, join } = stage(makePlace)

  describe(`erasing in ${kind}`, () => {
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
    const gone = (log: number, values: readonly number[][], payloads: readonly ReadablePayload[] = []) => ({
      erasures: [{ log, run: RUN, values, payloads }],
    })
    const nowhere = () => undefined

    test('takes whole entries and single values, and says so in log 0 (ERASE-PORT-1)', async () => {
      const { ledger, reader, log } = await sealed()
      const [before, third] = [await contents(reader), readable(await reader.payload(log, 3))]
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
      expect(readable(await reader.payload(log, 1))?.body).toBe('[null,null]')
    })
  })
}
