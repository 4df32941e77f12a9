import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MemoryStore, sha256Of } from '../../../test/support/memory-store.ts'
import { StoreFailure, type When } from './object-store.ts'
import { type Content, Uploads } from './uploads.ts'

const FREE: When = { kind: 'free' }
const NO_WAIT = { waits_ms: [0, 0] }
const CONTENT = Buffer.from('0123456789abcdefghij-')

let folder: string
let store: MemoryStore
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-uploads-'))
  store = new MemoryStore(4)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const uploads = () => new Uploads(join(folder, 'uploads.jsonl'), NO_WAIT)

function contentOf(bytes: Buffer, run = 'run-1'): Content {
  const at = join(folder, 'content')
  writeFileSync(at, bytes)
  return { store, key: 'out/a', at, bytes: bytes.length, mark: { run, sha256: sha256Of(bytes) } }
}

const unavailable = () => new StoreFailure('unavailable', 'busy')

/** Fails the `nth` request of a kind, by killing the process that makes it: all that is left is what is on the disk. */
function killedAt(kind: 'before' | 'after', request: string, nth: number): void {
  let count = 0
  store[kind] = each => {
    if (each === request && ++count === nth) throw new Error('killed')
  }
}
const alive = () => {
  store.before = () => undefined
  store.after = () => undefined
}

describe('an object of several parts', () => {
  test('is seen when it is complete, and not before', async () => {
    const content = contentOf(CONTENT)
    const own = uploads()
    await own.stage(content, FREE)
    expect([store.objects.size, store.uploads.size, own.any]).toEqual([0, 1, true])
    await own.complete(content, FREE)
    expect(store.objects.get('out/a')?.content).toEqual(CONTENT)
    expect([store.uploads.size, own.any, uploads().any]).toEqual([0, false, false])
  })

  test.each([
    ['before', 'begin', 1],
    ['after', 'begin', 1],
    ['before', 'part', 1],
    ['before', 'part', 3],
    ['before', 'complete', 1],
    ['after', 'complete', 1],
  ] as const)(
    'comes into being once, and no upload is left, if the process dies %s %s %i',
    async (kind, request, nth) => {
      const content = contentOf(CONTENT)
      killedAt(kind, request, nth)
      await expect(uploads().complete(content, FREE)).rejects.toThrow('killed')
      alive()
      await uploads().complete(content, FREE)
      expect(store.objects.get('out/a')?.content).toEqual(CONTENT)
      expect(store.uploads.size).toBe(0)
      expect(uploads().any).toBe(false)
    },
  )

  test.each(['before the next process looks', 'only later'])(
    'that was made when its process died is left alone, by a store that takes no part of it any more: %s',
    async when => {
      const content = contentOf(CONTENT)
      killedAt('after', 'complete', 1)
      await expect(uploads().complete(content, FREE)).rejects.toThrow('killed')
      const made = store.objects.get('out/a')
      const late = when === 'only later'
      if (late) store.objects.delete('out/a')
      let parts = 0
      store.before = each => {
        if (each !== 'part') return
        parts++
        if (made !== undefined) store.objects.set('out/a', made)
        throw unavailable()
      }
      await uploads().complete(content, FREE)
      expect(parts > 0).toBe(late)
      expect(store.objects.get('out/a')?.content).toEqual(CONTENT)
      expect([store.uploads.size, uploads().any]).toEqual([0, false])
    },
  )

  test.each([
    ['the next one', 1],
    ['the one after that', 2],
  ])(
    'that the store begins after the process died, and another has looked for it, isn’t left: by %s',
    async (_who, looks) => {
      const content = contentOf(CONTENT)
      killedAt('after', 'begin', 1)
      await expect(uploads().complete(content, FREE)).rejects.toThrow('killed')
      alive()
      const [[late_id, late] = []] = store.uploads
      store.uploads.clear()
      if (looks === 2) {
        killedAt('before', 'complete', 1)
        await expect(uploads().complete(content, FREE)).rejects.toThrow('killed')
        alive()
      }
      const next = uploads()
      await next.stage(content, FREE)
      if (late_id !== undefined && late !== undefined) store.uploads.set(late_id, late)
      await next.complete(content, FREE)
      expect(store.objects.get('out/a')?.content).toEqual(CONTENT)
      expect([late_id === undefined, store.uploads.size, uploads().any]).toEqual([false, 0, false])
    },
  )

  test('is sent on from the part at which it broke off', async () => {
    const content = contentOf(CONTENT)
    killedAt('before', 'part', 4)
    await expect(uploads().stage(content, FREE)).rejects.toThrow('killed')
    let parts = 0
    store.before = each => {
      if (each === 'part') parts++
    }
    await uploads().stage(content, FREE)
    expect(parts).toBe(2)
  })

  test('is begun anew if the store has given its upload up', async () => {
    const content = contentOf(CONTENT)
    const own = uploads()
    await own.stage(content, FREE)
    store.uploads.clear()
    await own.complete(content, FREE)
    expect(store.objects.get('out/a')?.content).toEqual(CONTENT)
  })

  test('takes another content’s upload for nothing', async () => {
    await uploads().stage(contentOf(CONTENT), FREE)
    const other = contentOf(Buffer.from('something else altogether'))
    await uploads().complete(other, FREE)
    expect(store.objects.get('out/a')?.content.toString()).toBe('something else altogether')
    expect(store.uploads.size).toBe(0)
  })

  test('leaves nothing in the store when it is given up', async () => {
    const content = contentOf(CONTENT)
    await uploads().stage(content, FREE)
    await uploads().giveUp([content])
    expect([store.uploads.size, uploads().any]).toEqual([0, false])
  })

  test('a note that was cut in the middle was never acted on', async () => {
    const content = contentOf(CONTENT)
    await uploads().stage(content, FREE)
    const path = join(folder, 'uploads.jsonl')
    writeFileSync(path, readFileSync(path).subarray(0, -7))
    await uploads().complete(content, FREE)
    expect(store.objects.get('out/a')?.content).toEqual(CONTENT)
  })
})

describe.each([
  ['of one part', Buffer.from('abc')],
  ['of several', CONTENT],
  ['of none', Buffer.alloc(0)],
])('where an object %s comes', (_, bytes) => {
  test('something that came there meanwhile stays', async () => {
    store.set('out/a', Buffer.from('others’'))
    await expect(uploads().complete(contentOf(bytes), FREE)).rejects.toMatchObject({ kind: 'changed' })
    expect(store.objects.get('out/a')?.content.toString()).toBe('others’')
  })

  test('what stood there is replaced, and nothing else', async () => {
    store.set('out/a', Buffer.from('old'))
    const version = store.objects.get('out/a')?.version ?? ''
    await uploads().complete(contentOf(bytes), { kind: 'version', version })
    expect(store.objects.get('out/a')?.content).toEqual(bytes)
    await expect(uploads().complete(contentOf(bytes, 'run-2'), { kind: 'version', version })).rejects.toMatchObject({
      kind: 'changed',
    })
  })

  test('what was to be replaced may go', async () => {
    await uploads().complete(contentOf(bytes), { kind: 'version', version: '99' })
    expect(store.objects.get('out/a')?.content).toEqual(bytes)
    expect(store.uploads.size).toBe(0)
  })

  test('an answer that was lost is no failure: the object is the run’s own', async () => {
    let lost = 0
    store.after = request => {
      if (request !== 'begin' && lost++ === 0) throw unavailable()
    }
    await uploads().complete(contentOf(bytes), FREE)
    expect(store.objects.get('out/a')?.content).toEqual(bytes)
  })
})

test('a store that stays busy stops it', async () => {
  store.before = () => {
    throw unavailable()
  }
  await expect(uploads().complete(contentOf(CONTENT), FREE)).rejects.toMatchObject({ kind: 'unavailable' })
})

test('an object of one part needs no notes', async () => {
  await uploads().complete(contentOf(Buffer.from('abc')), FREE)
  expect(existsSync(join(folder, 'uploads.jsonl'))).toBe(false)
})
