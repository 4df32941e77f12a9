import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { leafHash } from '../../format/hash.ts'
import { type Standing, standingOf, type TreeHead } from '../../format/standing.ts'
import { rangeRoot } from '../../format/tree.ts'
import { recall, userTrust } from './known-ledgers.ts'
import { type Remembered, rememberSeen, type Seen } from './trust.ts'

/** The tree of a log, whose entries are `history`. */
const logOf = (history: string) => {
  const rootOf = (size: number) => rangeRoot(at => leafHash(`${at}${history[at]}`), 0, size)
  const headAt = (size: number) => ({ size, root: rootOf(size), t_us: size })
  return { rootOf, headAt }
}
const seenAt = (head: Seen['head'], written = false): Seen => ({
  keys: ['k'],
  in_force: ['k'],
  taken: [],
  written,
  head,
})

/** Two histories that part somewhere, or don’t. */
const histories = fc
  .tuple(fc.stringMatching(/^[ab]{1,40}$/), fc.stringMatching(/^[ab]{1,40}$/), fc.nat(40))
  .map(([one, other, common]) => [one, one.slice(0, common) + other] as const)

test('how a ledger stands to heads of it is as its history says', async () => {
  const sizes = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1 })
  await fc.assert(
    fc.asyncProperty(histories, sizes, fc.integer({ min: 1, max: 40 }), async ([one, other], seen_at, n) => {
      const at = seen_at.filter(size => size <= one.length).sort((a, b) => a - b)
      const now = Math.min(n, other.length)
      const newest = at.at(-1)
      if (newest === undefined) return
      const met = at.findLast(size => size <= now) ?? 0
      const expected: Standing =
        one.slice(0, met) !== other.slice(0, met)
          ? 'forked'
          : newest > now
            ? 'older'
            : newest === now
              ? 'same'
              : 'newer'
      const seen: TreeHead[] = at.map(size => logOf(one).headAt(size))
      expect(await standingOf(seen, logOf(other).headAt(now), size => logOf(other).rootOf(size))).toBe(expected)
    }),
  )
})

test('what is remembered only grows, and is always of one history', async () => {
  await fc.assert(
    fc.asyncProperty(
      histories,
      fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 40 }))),
      async (both, looks) => {
        let known: Remembered | null = null
        const trust = {
          recall: () => known,
          replace: (_: string, __: unknown, after: Remembered) => {
            known = after
            return true
          },
        }
        let newest = 0
        for (const [which, n] of looks) {
          const history = both[which ? 0 : 1]
          const { headAt, rootOf } = logOf(history)
          const size = Math.min(n, history.length)
          await rememberSeen(trust, 'l', seenAt(headAt(size)), rootOf)
          const heads = (known as Remembered | null)?.heads ?? []
          expect(heads.at(-1)?.size).toBeGreaterThanOrEqual(newest)
          newest = heads.at(-1)?.size ?? 0
          // Each is a beginning of the next one.
          const of = both.find(
            each => each.length >= newest && logOf(each).rootOf(newest) === heads.at(-1)?.root,
          ) as string
          for (const head of heads) expect(head).toEqual(logOf(of).headAt(head.size))
        }
      },
    ),
  )
})

function inFolder(): { readonly XDG_CONFIG_HOME: string } {
  const folder = mkdtempSync(join(tmpdir(), 'custody-known-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return { XDG_CONFIG_HOME: folder }
}

test('reading gives no trust, and takes none away', async () => {
  const env = inFolder()
  const trust = userTrust(env, why => expect.unreachable(why))
  const { headAt, rootOf } = logOf('aaaaaa')
  expect(await rememberSeen(trust, 'l', seenAt(headAt(2)), rootOf)).toBe('first')
  expect(recall(env, 'l')?.written).toBe(false)
  expect(await rememberSeen(trust, 'l', seenAt(headAt(2), true), rootOf)).toBe('same')
  expect(await rememberSeen(trust, 'l', seenAt(headAt(4)), rootOf)).toBe('newer')
  expect(await rememberSeen(trust, 'l', seenAt(headAt(3)), rootOf)).toBe('older')
  expect(recall(env, 'l')).toMatchObject({ written: true, heads: [headAt(2), headAt(4)] })
  writeFileSync(join(env.XDG_CONFIG_HOME, 'custody', 'ledgers', 'l'), '{"heads":[[2,"x",1]]}')
  expect(() => recall(env, 'l')).toThrow(/it isn’t what Custody wrote/)
})

const PROCESSES = 4
const EACH = 15

test('several processes remember at the same time: nothing is lost, and one that is killed keeps nobody', async () => {
  const env = inFolder()
  const of = (name: string) => new URL(name, import.meta.url).href
  const program = (nth: number) => `
    const { leafHash } = await import('${of('../../format/hash.ts')}')
    const { rangeRoot } = await import('${of('../../format/tree.ts')}')
    const { userTrust } = await import('${of('./known-ledgers.ts')}')
    const { rememberSeen } = await import('${of('./trust.ts')}')
    const rootOf = size => rangeRoot(at => leafHash(at + 'a'), 0, size)
    const trust = userTrust(process.env, why => { throw new Error(why) })
    for (let i = 1; i <= ${EACH}; i++) {
      const size = i * ${PROCESSES} + ${nth}
      const head = { size, root: rootOf(size), t_us: size }
      await rememberSeen(trust, 'l', { keys: ['k'], in_force: ['k'], taken: [], written: false, head }, rootOf)
    }
    if (${nth} === 0) {
      const { DatabaseSync } = await import('node:sqlite')
      const db = new DatabaseSync(process.env.XDG_CONFIG_HOME + '/custody/ledgers/.lock', { timeout: 60000 })
      db.exec('BEGIN IMMEDIATE')
      process.kill(process.pid, 'SIGKILL')
    }`
  const ended = (child: ChildProcess) => new Promise(resolve => child.on('exit', code => resolve(code)))
  const all = Array.from({ length: PROCESSES }, (_, nth) =>
    ended(spawn(process.execPath, ['--input-type=module', '-e', program(nth)], { env: { ...process.env, ...env } })),
  )
  expect(await Promise.all(all)).toEqual([null, 0, 0, 0])
  const { headAt, rootOf } = logOf('a'.repeat(100))
  const known = recall(env, 'l')
  expect(known?.heads.at(-1)).toEqual(headAt(EACH * PROCESSES + PROCESSES - 1))
  for (const head of known?.heads ?? []) expect(head).toEqual(headAt(head.size))
  const files = readdirSync(join(env.XDG_CONFIG_HOME, 'custody', 'ledgers'))
  expect(files.filter(each => !each.startsWith('.lock'))).toEqual(['l'])
  const trust = userTrust(env, why => expect.unreachable(why))
  expect(await rememberSeen(trust, 'l', seenAt(headAt(99)), rootOf)).toBe('newer')
})
