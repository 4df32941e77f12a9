import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HostRuns } from '../../test/support/host-runs.ts'
import type { PieceName, Pieces } from '../engine/ports/pieces.ts'
import { runEntryOf } from '../ledger/write/decode.ts'
import { piecesFolder, piecesOf } from './pieces.ts'

const PIECE: PieceName = { part: 3, epoch: 2, sink: 5 }
const UNSEEN = { code: 'CUSTODY_PIECES_UNSEEN' }

async function allOf<T>(all: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = []
  for await (const each of all) found.push(each)
  return found
}

describe('pieces of a run', () => {
  let root: string
  let pieces: Pieces
  const url = () => `sqlite:${join(root, 'custody.db')}`
  const plan = { splits: null, folder: '' }
  const folder = () => piecesFolder(plan, url(), 'run')
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'custody-pieces-'))
    pieces = piecesOf(plan, url(), 'run')
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  const content = async (bytes = 100) => Buffer.concat(await allOf(pieces.read(PIECE, bytes))).toString()
  /** Whatever needs the folder. */
  const uses = {
    create: () => pieces.create(PIECE),
    read: () => content(),
    'write the first bytes of': () => pieces.write(PIECE, 0, Buffer.from('one')),
    'write more of': () => pieces.write(PIECE, 3, Buffer.from('two')),
  }

  test('are kept for their owner alone, as they were written', async () => {
    await pieces.make()
    // Whoever takes the run up makes it, too.
    await pieces.make()
    const file = await pieces.create(PIECE)
    await file.append(Buffer.from('one two'))
    await file.cut(4)
    await file.append(Buffer.from('three'))
    await file.close()
    expect(await content()).toBe('one three')
    expect(await content(3)).toBe('one')
    const [name = ''] = readdirSync(folder())
    expect([folder(), join(folder(), name)].map(path => statSync(path).mode & 0o777)).toEqual([0o700, 0o600])
    await pieces.remove()
    expect(readdirSync(root)).toEqual([])
  })

  test.each(Object.entries(uses))('PIECES-1: nobody can %s one where the folder was never made', async (_, use) => {
    await expect(use()).rejects.toMatchObject(UNSEEN)
    expect(readdirSync(root)).toEqual([])
  })

  test.each(Object.entries(uses))('PIECES-1: nobody can %s one once it is removed', async (_, use) => {
    await pieces.make()
    await (await pieces.create(PIECE)).close()
    // By the coordinator, which is another process.
    await piecesOf(plan, url(), 'run').remove()
    await expect(use()).rejects.toMatchObject(UNSEEN)
    expect(readdirSync(root)).toEqual([])
  })

  test('spools of dealings before this one are removed, and nothing else', async () => {
    await pieces.make()
    const [SPOOLS, OTHERS] = [[1, 4], [5]]
    for (const epoch of [1, 2, 3])
      for (const sink of [...SPOOLS, ...OTHERS]) await (await pieces.create({ part: 1, epoch, sink })).close()
    writeFileSync(join(folder(), 'workers-1-1-1'), 'wanted')
    await pieces.removeSpools(new Set(SPOOLS), 2)
    const left = ['1-1-5', '1-2-1', '1-2-4', '1-2-5', '1-3-1', '1-3-4', '1-3-5', 'workers-1-1-1']
    expect(readdirSync(folder()).toSorted()).toEqual(left)
  })

  test('one that isn’t in the folder is another matter', async () => {
    await pieces.make()
    await expect(content()).rejects.toMatchObject({ code: 'CUSTODY_SINK' })
  })
})

describe('a run whose folder for pieces disappears', () => {
  const runs: HostRuns[] = []
  afterEach(() => {
    for (const each of runs.splice(0)) each.close()
  })

  test('stops, and has the split on record as one that is just left', async () => {
    const host = new HostRuns()
    runs.push(host)
    host.write('in.csv', `id\n${Array.from({ length: 400 }, (_, i) => `${i}\n`).join('')}`)
    host.write(
      'p.yaml',
      `name: p
splits: { count: 4 }
defaults: { on_invalid: discard, on_error: discard }
sources:
  all: { plugin: csv, options: { path: in.csv }, to: out }
sinks:
  out: { plugin: jsonl, options: { path: out/all.jsonl } }
`,
    )
    const folder = join(host.folder, 'custody.db-pieces')
    const { run, result } = await host.start({ workers: 1 }, Number.POSITIVE_INFINITY, ({ splits }) => {
      if (splits?.closed === 2) rmSync(folder, { recursive: true, force: true })
    })
    expect(result.error).toMatchObject(UNSEEN)
    expect(existsSync(folder)).toBe(false)
    const { leases, last } = await host.reading(async reader => {
      const first = (await reader.logOf(run)) ?? 0
      const entries = await allOf(reader.entries(first + 3))
      const leases = (await reader.leases()).map(({ log, holder }) => [log - first, holder])
      return { leases, last: runEntryOf(entries.at(-1)?.body ?? '').entry.k }
    })
    expect(leases).toEqual([0, 3, 4].map(part => [part, '']))
    expect(last).not.toBe('stop')
    expect(await host.problems()).toEqual([])
    const given_up = await host.resume(run, { abandon: true })
    expect(given_up).toMatchObject({ kind: 'run', result: { error: null, summary: { status: 'abandoned' } } })
    expect(await host.problems()).toEqual([])
    expect(existsSync(folder)).toBe(false)
  })
})
