/** A server whose disk is full: the run stops and says why; when there is room it is resumed, and leaves what an undisturbed one leaves. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { compare } from '../crash/endure.ts'
import { pipelineNamed } from '../crash/pipelines.ts'
import { Place } from '../crash/place.ts'
import { ALL_OF_POSTGRES, ask } from '../support/postgres.ts'
import { PostgresServer } from '../support/postgres-server.ts'
import { attempt, driven, undisturbed } from './driven.ts'
import { Network } from './network.ts'

const DISK_MB = 128
const folder = mkdtempSync(join(tmpdir(), 'custody-disk-'))
const is_mounted =
  process.platform === 'linux' &&
  ALL_OF_POSTGRES &&
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'custody-test', folder]).status === 0
const why = is_mounted ? '' : ' (no disk can be mounted here, or not in the short form)'

let server: PostgresServer | null = null
afterAll(async () => {
  await server?.remove()
  if (is_mounted) spawnSync('umount', [folder])
  rmSync(folder, { recursive: true })
})

const filler = join(folder, 'filler')
function leave(bytes: number): void {
  const { bavail, bsize } = statfsSync(folder)
  writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - bytes)))
}

test.skipIf(!is_mounted)(`no room for tables, and then none for the write-ahead log${why}`, async () => {
  // The server's user must find its own folder.
  chmodSync(folder, 0o755)
  server = await PostgresServer.begin(['wal_recycle=off', 'min_wal_size=32MB', 'max_wal_size=64MB'], folder)
  const url = (schema: string) => `${server?.url()}?schema=${schema}`
  const network = await Network.to(server.port)
  const pipeline = pipelineNamed('linear')
  const whole = await undisturbed(pipeline, () => ({ url: url('whole'), way: network.url(url('whole')) }))
  const midway = Math.floor(network.passed.to_server * 0.7)
  const tight = (schema: string) => new Place(pipeline, () => ({ url: url(schema), way: network.url(url(schema)) }))

  const place = tight('tables')
  network.after('to_server', midway, async () => leave(100_000))
  const stopped = await attempt(place, 100, false)
  expect(stopped).toMatchObject({ code: 'CUSTODY_LEDGER_WRITE', hint: expect.stringContaining('Make room') })
  expect(stopped?.message).toMatch(/can’t be written: could not extend file .*No space left on device/)
  const unbegun = await attempt(tight('unbegun'), 100, false)
  expect(unbegun).toMatchObject({ code: 'CUSTODY_LEDGER_WRITE', hint: expect.stringContaining('Make room') })
  rmSync(filler)
  expect((await driven(place, null, false)).problems).toEqual([])
  expect(await compare(place, whole)).toEqual([])

  const other = tight('log')
  await ask(server.url(), 'CHECKPOINT')
  network.after('to_server', midway, async () => {
    await ask(server?.url() ?? '', 'SELECT pg_switch_wal()')
    leave(3_000_000)
  })
  const crashed = await attempt(other, 100, false)
  expect(crashed).toMatchObject({ code: 'CUSTODY_LEDGER_WRITE' })
  expect(crashed?.message).toMatch(/can’t be (?:reached|written)/)
  rmSync(filler)
  await server.stop()
  await server.start()
  expect((await driven(other, null, false)).problems).toEqual([])
  expect(await compare(other, whole)).toEqual([])
  for (const each of [place, other]) each.close()
  await network.close()
})
