/** A server whose disk is full: the run stops and says why; when there is room it is resumed, and leaves what an undisturbed one leaves. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compare } from '../crash/endure.ts'
import { pipelineNamed } from '../crash/pipelines.ts'
import { type LedgerPlace, Place } from '../crash/place.ts'
import { ALL_OF_POSTGRES, ask } from '../support/postgres.ts'
import { PostgresServer } from '../support/postgres-server.ts'
import { attempt, driven, ownKeyFile, readableAt, undisturbed } from './driven.ts'
import { Network } from './network.ts'

const DISK_MB = 128
const folder = mkdtempSync(join(tmpdir(), 'custody-disk-'))
const is_mounted =
  process.platform === 'linux' &&
  ALL_OF_POSTGRES &&
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'custody-test', folder]).status === 0
const why = is_mounted ? '' : ' (no disk can be mounted here, or not in the short form)'

const keys = mkdtempSync(join(tmpdir(), 'custody-keys-'))
afterAll(() => {
  if (is_mounted) spawnSync('umount', [folder])
  for (const each of [folder, keys]) rmSync(each, { recursive: true })
})

const filler = join(folder, 'filler')
function leave(bytes: number): void {
  const { bavail, bsize } = statfsSync(folder)
  writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - bytes)))
}

describe.skipIf(!is_mounted)(`no room for tables, and then none for the write-ahead log${why}`, () => {
  let server: PostgresServer
  beforeAll(async () => {
    // The server's user must find its own folder.
    chmodSync(folder, 0o755)
    server = await PostgresServer.begin(['wal_recycle=off', 'min_wal_size=32MB', 'max_wal_size=64MB'], folder)
  })
  afterAll(() => server.remove())

  test('values in plain', () => outlive(server, 'plain', {}))
  test('encrypted values', () => outlive(server, 'encrypted', { key_file: ownKeyFile(keys) }))
})

async function outlive(server: PostgresServer, name: string, encryption: Pick<LedgerPlace, 'key_file'>): Promise<void> {
  const url = (schema: string) => `${server.url()}?schema=${name}_${schema}`
  const network = await Network.to(server.port)
  const pipeline = pipelineNamed('linear')
  const there = (schema: string) => () => ({ url: url(schema), way: network.url(url(schema)), ...encryption })
  const whole = await undisturbed(pipeline, there('whole'))
  const midway = Math.floor(network.passed.to_server * 0.7)
  const tight = (schema: string) => new Place(pipeline, there(schema))

  const place = tight('tables')
  network.after('to_server', midway, async () => leave(100_000))
  const stopped = await attempt(place, 100, false)
  expect(stopped).toMatchObject({ code: 'CUSTODY_LEDGER_WRITE', hint: expect.stringContaining('Make room') })
  expect(stopped?.message).toMatch(/can’t be written: could not extend file .*No space left on device/)
  const never = tight('unbegun')
  const unbegun = await attempt(never, 100, false)
  expect(unbegun).toMatchObject({ code: 'CUSTODY_LEDGER_WRITE', hint: expect.stringContaining('Make room') })
  rmSync(filler)
  expect((await driven(place, [], false)).problems).toEqual([])
  expect(await compare(place, whole)).toEqual([])

  const other = tight('log')
  await ask(server.url(), 'CHECKPOINT')
  network.after('to_server', midway, async () => {
    leave(3_000_000)
    await fillLog(server)
  })
  const crashed = await attempt(other, 100, false)
  // Whether the server had taken what it was just sent nobody knows.
  expect(crashed?.code).toMatch(/^CUSTODY_LEDGER_(?:WRITE|IN_DOUBT)$/)
  expect(crashed?.message).toMatch(/can’t be (?:reached|written)/)
  rmSync(filler)
  await server.stop()
  await server.start()
  expect((await driven(other, [], false)).problems).toEqual([])
  expect(await compare(other, whole)).toEqual([])
  for (const each of [place, other]) expect((await readableAt(each.url)) > 0).toBe(encryption.key_file === undefined)
  for (const each of [place, never, other]) each.close()
  await network.close()
}

/** Goes on to another of the log's files, each of 16 MB, until there is no room for one: the server ends then. */
async function fillLog(server: PostgresServer): Promise<void> {
  const next = `SELECT pg_logical_emit_message(true, 'test', ''), pg_switch_wal()`
  for (let files = 0; files * 16 < DISK_MB; files++)
    try {
      await ask(server.url(), next)
    } catch {
      return
    }
  throw new Error('the disk is larger than it was made')
}
