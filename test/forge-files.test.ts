/**
 * Forgeries of what a run published to files that its rows name, by somebody who has the signing key and rebuilds all that follows from the
 * entry. Who looks at the ledger alone can't know what stood in the files: the rows say which there are, the files the rest.
 */
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PublishedFact } from '../src/format/entry.ts'
import { commitment } from '../src/format/hash.ts'
import type { Artifact, FileContent } from '../src/format/run-values.ts'
import { encodeSigningKeys } from '../src/format/signing-key.ts'
import { canonicalize } from '../src/model/canonical.ts'
import type { Json } from '../src/model/row.ts'
import { verifyFiles } from '../src/read/verify/files.ts'
import { verifyLedger } from '../src/read/verify/verify.ts'
import { Forger, problemTexts } from './support/forger.ts'
import { runInProcess } from './support/in-process.ts'

const pipeline = (path: string) => `name: regions
defaults: { on_error: problems, on_invalid: problems }
sources:
  in: { plugin: jsonl, options: { path: in.jsonl }, to: out }
sinks:
  out: { plugin: csv, options: { path: '${path}' } }
  problems: { plugin: jsonl, options: { path: problems.jsonl }, on_error: discard }
`
const ROWS = ['north', 'north', 'south', 'west', 'north', 'west'].map((region, id) => ({ id, region }))

const made: Forger[] = []
async function forgerOf(path: string): Promise<Forger> {
  const forger = await Forger.of(async url => {
    const folder = dirname(url.slice('sqlite:'.length))
    writeFileSync(join(folder, 'pipeline.yaml'), pipeline(path))
    writeFileSync(join(folder, 'in.jsonl'), ROWS.map(row => `${JSON.stringify(row)}\n`).join(''))
    // The key of `testPorts`, which the forger has.
    const CUSTODY_KEY = encodeSigningKeys('test', new Uint8Array(32).fill(9))
    const env = { XDG_CONFIG_HOME: join(folder, 'config'), CUSTODY_KEY }
    const { exit, stderr } = await runInProcess(['run', 'pipeline.yaml', '--ledger', url], folder, env)
    expect(exit, stderr).toBe(0)
  })
  made.push(forger)
  return forger
}

let forger: Forger
beforeAll(async () => {
  forger = await forgerOf('out/{{ row.region }}.csv')
})
afterAll(() => {
  for (const each of made) each.close()
})

interface Found {
  /** Of `verify`. */
  readonly ledger: readonly string[]
  /** What `--decisions` and `--files` find besides. */
  readonly rows: readonly string[]
  readonly files: readonly string[]
  readonly not_checked: readonly string[]
}

/** What is found once the sink has published these files, and everything else says so. */
async function found(change: (files: readonly Artifact[]) => readonly Artifact[], of = forger): Promise<Found> {
  const [entry] = of.all(`SELECT seq FROM entries WHERE log = 1 AND json_extract(body, '$.k') = 'publish'`)
  const seq = Number(entry?.seq)
  const [{ salts, body: payload } = {}] = of.all('SELECT salts, body FROM payloads WHERE log = 1 AND seq = ?', seq)
  const values = (JSON.parse(`${payload}`) as [Json][]).map(([each]) => each)
  const body = of.body(1, seq)
  const published = body.artifacts as unknown as readonly PublishedFact[]
  const fact = published.find(each => each.files !== undefined)
  const [paths, contents] = [(fact?.paths ?? 0) - Number(body.w), (fact?.contents ?? 0) - Number(body.w)]
  const files = change(
    (values[contents] as unknown as readonly FileContent[]).map((each, i) => ({
      ...each,
      path: (values[paths] as string[])[i]!,
    })),
  )
  const forged = values
    .with(
      paths,
      files.map(each => each.path),
    )
    .with(
      contents,
      files.map(({ path: _, ...content }) => content),
    )
  const sum = (key: 'rows' | 'bytes') => files.reduce((total, each) => total + each[key], 0)
  const artifacts = published.map(each =>
    each === fact ? { ...each, rows: sum('rows'), bytes: sum('bytes'), files: files.length } : each,
  )
  const forge = () => {
    of.run('UPDATE payloads SET body = ? WHERE log = 1 AND seq = ?', canonicalize(forged.map(each => [each])), seq)
    const salt = (at: number) => (salts as Uint8Array).subarray(at * 16, at * 16 + 16)
    of.put(1, seq, {
      ...body,
      artifacts: artifacts as unknown as Json,
      c: forged.map((each, at) => commitment(salt(at), canonicalize(each))),
    })
    of.rebuild(of.signer)
  }
  return of.within(forge, async () => {
    const { keys, reader } = of
    const ledger = problemTexts(await verifyLedger(reader, { keys }))
    const decided = await verifyLedger(reader, { keys, decisions: true })
    const [run] = decided.runs
    const decisions = run?.checks.find(each => each.name === 'decisions')
    const on_disk = (await verifyFiles(reader, [run?.run ?? ''])).get(run?.run ?? '')
    const here = (text: string) => text.replaceAll(dirname(reader.url.slice('sqlite:'.length)), '.')
    return {
      ledger: ledger.map(here),
      rows: (decisions?.problems ?? []).map(here),
      files: (on_disk?.problems ?? []).map(here),
      not_checked: (decisions?.not_checked ?? []).map(here),
    }
  })
}

const NOTHING: Found = { ledger: [], rows: [], files: [], not_checked: [] }
const named = (files: readonly Artifact[], name: string) => files.find(({ path }) => path.endsWith(`${name}.csv`))!
const without = (files: readonly Artifact[], ...names: readonly string[]) =>
  files.filter(each => !names.some(name => each === named(files, name)))

test('what was published holds', async () => {
  let paths: readonly string[] = []
  const result = await found(files => {
    paths = files.map(({ path, rows }) => `${path.split('/').at(-1)} ${rows}`)
    return files
  })
  expect(result).toEqual(NOTHING)
  expect(paths).toEqual(['north.csv 3', 'south.csv 1', 'west.csv 2'])
})

describe('an artifact left out', () => {
  test('with its rows', async () => {
    const { ledger, rows } = await found(files => without(files, 'west'))
    expect(ledger).toContainEqual(expect.stringMatching(/sink out has written 4 rows, and 6 tokens ended in it$/))
    expect(rows).toEqual(['sink out: 2 rows name no file that was published'])
  })

  test('whose rows another is said to have', async () => {
    const left_out = (files: readonly Artifact[]) => {
      const south = named(files, 'south')
      return [...without(files, 'west', 'south'), { ...south, rows: 3 }]
    }
    expect(await found(left_out)).toEqual({
      ...NOTHING,
      rows: ['sink out: 2 rows name no file that was published'],
    })
  })

  test('where rows name no file: all of them', async () => {
    const { rows } = await found(() => [])
    expect(rows).toEqual(['sink out: 6 rows name no file that was published'])
  })
})

describe('one added', () => {
  const ghost = (files: readonly Artifact[], rows: number) => {
    const west = named(files, 'west')
    return { ...west, path: west.path.replace('west', 'ghost'), rows }
  }

  test('with rows from nowhere', async () => {
    const { ledger, rows, files } = await found(all => [...all, ghost(all, 2)])
    expect(ledger).toContainEqual(expect.stringMatching(/sink out has written 8 rows, and 6 tokens ended in it$/))
    expect(rows).toEqual(['sink out: ./out/ghost.csv has 2 rows, and 0 rows name it'])
    expect(files).toEqual(['sink out: ./out/ghost.csv is missing'])
  })

  test('with rows of another', async () => {
    const { ledger, rows } = await found(all => [
      ...without(all, 'west'),
      { ...named(all, 'west'), rows: 1 },
      ghost(all, 1),
    ])
    expect(ledger).toEqual([])
    expect(rows).toEqual([
      'sink out: ./out/west.csv has 1 row, and 2 rows name it',
      'sink out: ./out/ghost.csv has 1 row, and 0 rows name it',
    ])
  })

  test('without a row', async () => {
    const { ledger } = await found(all => [...all, ghost(all, 0)])
    expect(ledger).toEqual([
      expect.stringMatching(
        /^totals: .*sink out has published .*ghost\.csv without a row, and it is rows that name its files$/,
      ),
    ])
  })
})

test('rows moved between two files', async () => {
  const moved = await found(files => [
    { ...named(files, 'north'), rows: 2 },
    { ...named(files, 'south'), rows: 2 },
    named(files, 'west'),
  ])
  expect(moved).toEqual({
    ...NOTHING,
    rows: [
      'sink out: ./out/north.csv has 2 rows, and 3 rows name it',
      'sink out: ./out/south.csv has 2 rows, and 1 row names it',
    ],
  })
})

test('a wrong hash, and a wrong length: the files say so', async () => {
  const hash = await found(files => [...without(files, 'west'), { ...named(files, 'west'), sha256: 'ab'.repeat(32) }])
  expect(hash).toEqual({
    ...NOTHING,
    files: [
      expect.stringMatching(
        /^sink out: \.\/out\/west\.csv was changed: its SHA-256 is [0-9a-f]{64}, and the run left (ab){32}$/,
      ),
    ],
  })
  const longer = await found(files => [...without(files, 'west'), { ...named(files, 'west'), bytes: 1_000 }])
  expect(longer.files).toEqual([expect.stringMatching(/out\/west\.csv has \d+ bytes, and the run left 1,000$/)])
})

test('a wrong path: it isn’t there; whether a link led to it the ledger alone can’t know, and says that', async () => {
  const renamed = (files: readonly Artifact[]) => {
    const west = named(files, 'west')
    return [...without(files, 'west'), { ...west, path: west.path.replace('west', 'vest') }]
  }
  expect(await found(renamed)).toEqual({
    ledger: [],
    rows: [],
    files: ['sink out: ./out/vest.csv is missing'],
    not_checked: [
      'sink out: 2 rows name no file that was published, as it is where links lead from one name to another',
    ],
  })
  const { ledger } = await found(files => files.map(each => ({ ...each, path: named(files, 'south').path })))
  expect(ledger).toEqual([expect.stringMatching(/sink out has published two files at one path$/)])
})

test('where rows name folders, and where a path has more in it than fields, less can be known', async () => {
  const folders = await forgerOf('out/{{ row.region }}/rows.csv')
  expect(await found(files => files, folders)).toEqual(NOTHING)
  const moved = (files: readonly Artifact[]) => files.map((each, i) => ({ ...each, rows: [1, 3, 2][i] ?? 0 }))
  expect((await found(moved, folders)).rows).toEqual([
    'sink out: ./out/north/rows.csv has 1 row, and 3 rows name it',
    'sink out: ./out/south/rows.csv has 3 rows, and 1 row names it',
  ])
  const west = /^sink out: 2 rows name no file that was published, as it is where links lead/
  expect(await found(files => [{ ...files[0]!, rows: 5 }, files[1]!], folders)).toEqual({
    ...NOTHING,
    not_checked: [expect.stringMatching(west)],
  })
  const filtered = await forgerOf('out/{{ row.region | upcase }}.csv')
  const unseen = /^sink out: which file 6 rows went to can’t be seen from the path as the pipeline has it/
  expect(await found(moved, filtered)).toEqual({ ...NOTHING, not_checked: [expect.stringMatching(unseen)] })
})
