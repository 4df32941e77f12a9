/** A coordinator that sleeps longer than its lease while it makes the folder for pieces. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Pieces } from '../../src/engine/ports/pieces.ts'
import { signingKey } from '../../src/ledger/keys/keys.ts'
import { LEASE_US } from '../../src/ledger/write/lease.ts'
import { type Drive, drive } from './drive.ts'
import { dealt, inSplits, layOut, pipelineNamed } from './pipelines.ts'
import { SIGNING } from './place.ts'

const CUT = inSplits(pipelineNamed('outputs'), 3)
const DEALT = dealt(pipelineNamed('outputs'), 3, 'id')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-late-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const order = (): Drive => ({
  ...{ folder, url: `sqlite:${join(folder, 'custody.db')}`, signer: signingKey(SIGNING), resume: false },
  holder: { host: 'late', boot: '', pid: 1, start: '' },
})
const next = (): Drive => ({
  ...{ ...order(), resume: true, ahead_us: 2 * LEASE_US },
  holder: { host: 'next', boot: '', pid: 2, start: '' },
})

/** Somebody else takes the run up while its folder is being made for the first time. */
function slowly(pieces: Pieces, meanwhile: () => Promise<void>): Pieces {
  let made = false
  return {
    ...pieces,
    async make() {
      if (!made) await meanwhile()
      made = true
      await pieces.make()
    },
  }
}

test.each([
  ['cut', CUT],
  ['dealt', DEALT],
] as const)('finds a run that is %s and sealed, and leaves no folder', async (_, pipeline) => {
  layOut(pipeline, folder)
  const late = await drive({
    ...order(),
    piecesIn: pieces =>
      slowly(pieces, async () => {
        const { error, summary } = await drive(next())
        expect([error, summary.status.startsWith('completed')]).toEqual([null, true])
      }),
  })
  expect(late.error).toMatchObject({ code: 'CUSTODY_RUN_LOST' })
  expect(existsSync(join(folder, 'custody.db-pieces'))).toBe(false)
})

test.each([
  ['cut', CUT],
  ['dealt', DEALT],
] as const)('leaves what its successor has of a run that is %s', async (_, pipeline) => {
  layOut(pipeline, folder)
  let goOn: () => void = () => undefined
  const late_is_over = new Promise<void>(resolve => {
    goOn = resolve
  })
  let successor: ReturnType<typeof drive> | null = null
  const late = await drive({
    ...order(),
    piecesIn: pieces =>
      slowly(pieces, async () => {
        const began = new Promise<void>(begun => {
          const piecesIn = (own: Pieces): Pieces => ({
            ...own,
            // It has its spools, or is about to write pieces.
            async create(name) {
              begun()
              await late_is_over
              return own.create(name)
            },
          })
          successor = drive({ ...next(), piecesIn })
        })
        await Promise.race([began, successor])
      }),
  })
  expect(late.error).toMatchObject({ code: 'CUSTODY_RUN_LOST' })
  goOn()
  expect(await successor).toMatchObject({ error: null })
  expect(existsSync(join(folder, 'custody.db-pieces'))).toBe(false)
})
