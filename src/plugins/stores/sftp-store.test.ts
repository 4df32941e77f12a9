/** What of SFTP no real server shows at will: connections that end at a moment, and what a server can't do. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import ssh2 from 'ssh2'
import { afterEach, describe, expect, test } from 'vitest'
import { sampled } from '../../../test/support/form.ts'
import { SftpStore } from './sftp-store.ts'

const { STATUS_CODE } = ssh2.utils.sftp
const { private: KEY } = ssh2.utils.generateKeyPairSync('ed25519')
const SIZE = 200_000
const MTIME = 1_800_000_000

type Operation = 'OPEN' | 'CLOSE' | 'READ' | 'WRITE' | 'FSTAT' | 'EXTENDED'

/** Has one file. Each session numbers its handles from 0, as OpenSSH does. */
class Desk {
  readonly #server: InstanceType<typeof ssh2.Server>
  readonly #clients = new Set<ssh2.Connection>()
  /** Handles that came over a session that hadn't given them. */
  readonly foreign: string[] = []
  sessions = 0
  /** What is answered by an error of this status. */
  readonly fails = new Map<Operation, number>()
  /** The connection ends when this one has come so often. */
  cut: { readonly on: Operation; left: number } | null = null

  private constructor() {
    this.#server = new ssh2.Server({ hostKeys: [KEY] }, client => this.#serve(client))
  }

  static async open(): Promise<Desk> {
    const desk = new Desk()
    desk.#server.listen(0, '127.0.0.1')
    await once(desk.#server, 'listening')
    return desk
  }

  get host(): string {
    return `me@127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    for (const each of this.#clients) each.end()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #serve(client: ssh2.Connection): void {
    this.#clients.add(client)
    client.on('error', () => undefined)
    client.on('close', () => this.#clients.delete(client))
    client.on('authentication', context => context.accept())
    client.on('ready', () => client.on('session', accept => accept().on('sftp', take => this.#session(client, take()))))
  }

  #session(client: ssh2.Connection, sftp: ssh2.SFTPWrapper): void {
    this.sessions++
    let handles = 0
    const open = new Set<number>()
    const on = (operation: Operation, handle: Buffer | null, id: number, answer: () => unknown) => {
      if (handle !== null && !open.has(handle.readUInt32BE(0))) this.foreign.push(operation)
      const { cut } = this
      if (cut?.on === operation && --cut.left <= 0) {
        this.cut = null
        return client.end()
      }
      const status = this.fails.get(operation)
      return status === undefined ? answer() : sftp.status(id, status)
    }
    const ok = (id: number) => () => sftp.status(id, STATUS_CODE.OK)
    sftp.on('OPEN', id => {
      const handle = Buffer.alloc(4)
      on('OPEN', null, id, () => {
        handle.writeUInt32BE(handles)
        open.add(handles++)
        sftp.handle(id, handle)
      })
    })
    sftp.on('READ', (id, handle, _from, size) => on('READ', handle, id, () => sftp.data(id, Buffer.alloc(size, 'x'))))
    sftp.on('WRITE', (id, handle) => on('WRITE', handle, id, ok(id)))
    sftp.on('CLOSE', (id, handle) => on('CLOSE', handle, id, ok(id)))
    const attributes = { mode: 0o100644, uid: 0, gid: 0, size: SIZE, atime: MTIME, mtime: MTIME }
    sftp.on('FSTAT', (id, handle) => on('FSTAT', handle, id, () => sftp.attrs(id, attributes)))
  }
}

const opened: Array<{ close(): Promise<void> }> = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close()
})

async function begin() {
  const desk = await Desk.open()
  opened.push(desk)
  const parsed = ssh2.utils.parseKey(KEY)
  if (parsed instanceof Error) throw parsed
  const host_key = `SHA256:${createHash('sha256').update(parsed.getPublicSSH()).digest('base64').replace(/=+$/, '')}`
  const store = await SftpStore.open(desk.host, { password: 'only-for-tests', host_key })
  opened.push(store)
  return { desk, store }
}

async function bytesOf(store: SftpStore): Promise<number> {
  let bytes = 0
  const pieces = await store.read('/in.csv', 0, `${MTIME}-${SIZE}`, new AbortController().signal)
  for await (const piece of pieces) bytes += piece.length
  return bytes
}

const object = { key: '/out.csv', bytes: SIZE, mark: { run: 'r', sha256: 's' } }
const part = { number: 1, at: 0, bytes: Buffer.alloc(SIZE) }

describe('a connection that ends', () => {
  test.each(
    sampled(
      [
        ['while a file is read', 'READ', 3, (store: SftpStore) => bytesOf(store)],
        ['while it is looked at', 'FSTAT', 1, (store: SftpStore) => bytesOf(store)],
        ['while one is written', 'WRITE', 3, (store: SftpStore) => store.part(object, '/.out', part)],
        ['while one is closed', 'CLOSE', 1, (store: SftpStore) => store.part(object, '/.out', part)],
      ] as const,
      2,
    ),
  )('%s: that fails, and no handle of it is sent over the next one', async (_when, on, left, work) => {
    const { desk, store } = await begin()
    desk.cut = { on, left }
    await expect(work(store)).rejects.toMatchObject({ kind: 'unavailable' })
    await work(store)
    expect(desk.sessions).toBe(2)
    expect(desk.foreign).toEqual([])
  })
})

test.each(['WRITE', 'CLOSE'] as const)('a server that fails in %s hasn’t taken the part', async operation => {
  const { desk, store } = await begin()
  desk.fails.set(operation, STATUS_CODE.FAILURE)
  await expect(store.part(object, '/.out', part)).rejects.toMatchObject({ name: 'StoreFailure', kind: 'other' })
  desk.fails.clear()
  await store.part(object, '/.out', part)
  expect(desk.foreign).toEqual([])
})
