import { expect, test } from 'vitest'
import { checkpointText } from '../../format/checkpoint.ts'
import { leafHash } from '../../format/hash.ts'
import { noteOf } from '../../format/note.ts'
import { Frontier } from '../../format/tree.ts'
import { type LogTilesEnd, logTiles } from './log-tiles.ts'

const SIGNATURE = `somebody ${Buffer.alloc(68).toString('base64')}`

/** A log with these bodies, whose head says so many of them. */
async function tilesOf(bodies: readonly string[], signed = bodies.length) {
  const tree = new Frontier()
  for (const body of bodies.slice(0, signed)) tree.append(leafHash(body))
  const head = { origin: 'custody/x/1', size: signed, root: tree.root() }
  const reader = {
    head: async () => noteOf(checkpointText(head), [SIGNATURE]),
    async *entries() {
      for (const [seq, body] of bodies.entries()) yield { seq, row: null, batch: null, body }
    },
  }
  const files = new Map<string, Uint8Array>()
  const found = logTiles({ check: async () => ({}) as never }, reader, 1)
  for (;;) {
    const next = await found.next()
    if (next.done === true) return { files, end: next.value satisfies LogTilesEnd }
    files.set(next.value.path, next.value.bytes)
  }
}

/** By level, how many tiles and how many hashes in the last one. */
function shape(files: ReadonlyMap<string, Uint8Array>) {
  const levels: { [level: string]: [number, number] } = {}
  for (const [path, bytes] of files) {
    const [, level] = /^tile\/(\d+)\//.exec(path) ?? []
    if (level !== undefined) levels[level] = [(levels[level]?.[0] ?? 0) + 1, bytes.length / 32]
  }
  return levels
}

// The sizes and numbers of C2SP tlog-tiles.
test.each([
  [1, { 0: [1, 1] }],
  [255, { 0: [1, 255] }],
  [256, { 0: [1, 256], 1: [1, 1] }],
  [257, { 0: [2, 1], 1: [1, 1] }],
  [70_000, { 0: [274, 112], 1: [2, 17], 2: [1, 1] }],
])('%s entries', async (size, levels) => {
  const bodies = Array.from({ length: size }, (_, i) => `{"i":${i}}`)
  const { files, end } = await tilesOf(bodies)
  expect(shape(files)).toEqual(levels)
  expect(end).toMatchObject({ size, unbundled: null })
  // Each hash of level 1 is the root of its tile below.
  const first = files.get('tile/1/000') ?? files.get(`tile/1/000.p/${Math.floor(size / 256)}`)
  if (first !== undefined) {
    const tile = new Frontier()
    for (const body of bodies.slice(0, 256)) tile.append(leafHash(body))
    expect(Buffer.from(first.subarray(0, 32)).toString('hex')).toBe(tile.root())
  }
  if (size > 1000) return
  const bundles = [...files].filter(([path]) => path.startsWith('tile/entries/')).map(([, bytes]) => bytes)
  expect(textsIn(Buffer.concat(bundles))).toEqual(bodies)
})

function textsIn(bundle: Buffer): string[] {
  const texts: string[] = []
  for (let at = 0; at < bundle.length; ) {
    const end = at + 2 + bundle.readUInt16BE(at)
    texts.push(bundle.toString('utf8', at + 2, end))
    at = end
  }
  return texts
}

test('an entry that fits into no bundle is named', async () => {
  const bodies = Array.from({ length: 300 }, (_, i) => (i === 290 ? 'x'.repeat(70_000) : `${i}`))
  const { files, end } = await tilesOf(bodies)
  expect(end.unbundled).toBe(290)
  expect([...files.keys()].filter(path => path.includes('entries'))).toEqual(['tile/entries/000'])
})

test('entries that don’t give the signed root are refused', async () => {
  await expect(tilesOf(['a', 'b', 'c'], 2)).rejects.toMatchObject({ code: 'CUSTODY_VERIFY_FAILED' })
})
