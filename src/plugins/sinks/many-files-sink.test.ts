import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemoryFiles } from '../../../test/support/memory-files.ts'
import type { Row } from '../../model/row.ts'
import type { Artifact, Receipt, SinkIntent } from '../../sdk/spec.ts'
import { CsvRowFormat } from './csv-format.ts'
import type { RowFormat } from './file-sink.ts'
import { LineFormat } from './line-format.ts'
import { type ManyFilesOptions, ManyFilesSink } from './many-files-sink.ts'
import type { IfExists } from './target.ts'

const RUN = '01890000-0000-7000-8000-000000000001'
const ROWS: Row[] = Array.from({ length: 9 }, (_, n) => ({ n, a: 'xyXz'[n % 4] ?? '', b: `b${n % 2}` }))

const csv = (union: boolean) => (): RowFormat =>
  new CsvRowFormat({
    ...{
      node: 'out',
      delimiter: ',',
      newline: '\n',
      bom: false,
      escape_formulas: false,
      decimal: '.',
      numeric: new Set<string>(),
      headers: 'normalised',
    },
    ...{
      columns: null,
      named: false,
      filled: false,
      known: [],
      rejects: false,
      union,
      late: [],
      originalNames: () => ({}),
    },
  })
const lines = (): RowFormat => new LineFormat(row => `${JSON.stringify(row)}\n`)

interface Shape {
  readonly if_exists: IfExists
  readonly newFormat: () => RowFormat
  readonly more?: Partial<ManyFilesOptions>
  readonly path?: string
}

function sinkIn(
  files: MemoryFiles,
  { if_exists, newFormat, more = {}, path = 'out/{{ row.a }}/{{ row.b }}.f' }: Shape,
) {
  const target = { path, folder: '/', node: 'out', if_exists, appendable: true, run: RUN }
  return new ManyFilesSink({ target, newFormat, pack: null, max_files: 100, inUse: () => null, ...more }, files)
}

/** What a run has durably: what its ledger would have. */
interface Recorded {
  intent: SinkIntent | null
  receipt: Receipt | null
  rows: number
  /** The last commit is there. */
  finished: boolean
}

const kept = <T>(value: T) => JSON.parse(JSON.stringify(value)) as T

/** From what is recorded to the end, or until something is thrown. A commit after `each` rows. */
async function drive(files: MemoryFiles, shape: Shape, rows: readonly Row[], each: number, run: Recorded) {
  const sink = sinkIn(files, shape)
  run.intent ??= kept(await sink.prepare())
  await sink.open(run.intent, run.receipt)
  if (!run.finished) {
    for (let at = run.rows; at < rows.length; at += each) {
      const part = rows.slice(at, at + each)
      for (const row of part) expect(sink.write(row)).toBeNull()
      const receipt = kept(await sink.flush())
      Object.assign(run, { receipt, rows: at + part.length })
    }
    if (await sink.settle()) run.receipt = kept(await sink.flush())
    run.receipt = kept(await sink.finish())
    run.finished = true
  }
  const artifacts = await sink.publish()
  expect(await sink.publish()).toEqual(artifacts)
  await sink.close()
  return artifacts
}

const nothing = (): Recorded => ({ intent: null, receipt: null, rows: 0, finished: false })
const content = (files: MemoryFiles) => Object.fromEntries(files.list().map(path => [path, files.text(path)]))

function prior(shape: Shape): MemoryFiles {
  const files = new MemoryFiles()
  if (shape.if_exists === 'fail') return files
  const text = shape.newFormat === lines ? '{"before":1}' : 'b,n,a\nB,0,A'
  for (const each of ['x/b0', 'y/b1', 'q/b0']) files.put(`/out/${each}.f`, text)
  return files
}

const SHAPES: readonly (readonly [string, Shape])[] = [
  ['new', { if_exists: 'fail', newFormat: csv(false) }],
  ['new, with columns that come later', { if_exists: 'fail', newFormat: csv(true) }],
  ['appended to', { if_exists: 'append', newFormat: csv(false) }],
  ['lines, appended to', { if_exists: 'append', newFormat: lines }],
  ['replaced', { if_exists: 'replace', newFormat: lines }],
  ['numbered', { if_exists: 'number', newFormat: lines }],
  ['packed', { if_exists: 'fail', newFormat: lines, more: { pack: async bytes => gzipSync(bytes) } }],
]

describe.each(SHAPES)('files that are %s', (name, shape) => {
  const some = name.includes('later') ? ROWS.map((row, i): Row => (i < 5 ? row : { ...row, late: i })) : ROWS

  test('the power goes at any step, once or again and again: the same bytes, and nothing else', {
    tags: ['proof'],
  }, async () => {
    const calm = prior(shape)
    const artifacts = await drive(calm, shape, some, 5, nothing())
    const expected = content(calm)
    let steps = 0
    for (let first = 0; ; first++) {
      const files = prior(shape)
      const run = nothing()
      let at = 0
      files.before = () => {
        if (at++ === first) throw new Error('the power goes')
      }
      const done = await drive(files, shape, some, 5, run).catch(() => null)
      if (done !== null) break
      steps++
      // Goes once more, a bit later in the next process.
      at = first - (first % 7)
      await drive(files, shape, some, 4, run).catch(() => null)
      files.before = () => undefined
      expect(await drive(files, shape, some, 3, run)).toEqual(artifacts)
      expect(content(files), `step ${first}`).toEqual(expected)
    }
    expect(steps).toBeGreaterThan(20)
  })

  test('the artifacts are the files', async () => {
    const files = prior(shape)
    const artifacts = await drive(files, shape, some, 5, nothing())
    expect(artifacts.map(({ rows }) => rows).reduce((a, b) => a + b)).toBe(some.length)
    for (const { path, bytes } of artifacts) expect(files.content(path)?.length).toBe(bytes)
  })
})

test('all rows of a value, in order, in the file that has the name that came first', async () => {
  const files = new MemoryFiles()
  const artifacts = await drive(files, { if_exists: 'fail', newFormat: lines }, ROWS, 4, nothing())
  expect(artifacts.map(({ path }) => path)).toContain('/out/x/b0.f')
  expect(files.list().some(path => path.includes('X'))).toBe(false)
  for (const { path, rows } of artifacts) {
    const own = ROWS.filter(({ a, b }) => path === `/out/${String(a).toLowerCase()}/${b}.f`)
    expect(files.text(path)).toBe(own.map(row => `${JSON.stringify(row)}\n`).join(''))
    expect(rows).toBe(own.length)
  }
})

test('any rows in any order, with commits anywhere, make the same files', async () => {
  const names = fc.constantFrom('a', 'A', 'b', 'é', 'e\u0301', '..', null, 'c')
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ a: names, b: names, n: fc.nat() }), { maxLength: 30 }),
      fc.nat(9),
      fc.nat(9),
      async (rows, one, two) => {
        const sound = rows.filter(({ a, b }) => ![a, b].includes('..') && ![a, b].includes(null))
        const [first, second] = [new MemoryFiles(), new MemoryFiles()]
        const shape: Shape = { if_exists: 'fail', newFormat: csv(true) }
        const artifacts = await drive(first, shape, sound, one + 1, nothing())
        expect(await drive(second, shape, sound, two + 1, nothing())).toEqual(artifacts)
        expect(content(first)).toEqual(content(second))
        expect(artifacts.reduce((sum, { rows }) => sum + rows, 0)).toBe(sound.length)
      },
    ),
    { numRuns: 50 },
  )
})

test('parts of a packed file don’t depend on commits', async () => {
  const pack = async (bytes: Buffer) => gzipSync(bytes)
  const shape: Shape = { if_exists: 'fail', newFormat: lines, more: { pack, part_bytes: 70 } }
  const [first, second] = [new MemoryFiles(), new MemoryFiles()]
  await drive(first, shape, ROWS, 1, nothing())
  await drive(second, shape, ROWS, 9, nothing())
  for (const path of first.list()) expect(first.content(path)).toEqual(second.content(path))
  expect(gunzipSync(first.content('/out/y/b1.f')!).toString()).toContain('"n":1')
})

describe('rows that are refused', () => {
  const opened = async (shape: Partial<Shape>, files = new MemoryFiles()) => {
    const sink = sinkIn(files, { if_exists: 'fail', newFormat: lines, ...shape })
    await sink.open(await sink.prepare(), null)
    return { sink, files }
  }

  test('for more files than there may be', async () => {
    const { sink } = await opened({ more: { max_files: 2 } })
    expect([1, 2, 3, 2].map(a => sink.write({ a, b: 1 })?.code ?? null)).toEqual([null, null, 'PATH_FILES', null])
  })

  test('for a file that the run needs', async () => {
    const { sink } = await opened({ more: { inUse: path => (path.includes('/x/') ? 'which is the ledger' : null) } })
    expect(sink.write({ a: 'x', b: 1 })).toMatchObject({
      code: 'PATH_IN_USE',
      message: 'the path: /out/x/1.f is a file which is the ledger',
    })
    expect(sink.write({ a: 'y', b: 1 })).toBeNull()
  })

  test('by the format: that makes no file', async () => {
    const { sink, files } = await opened({ newFormat: csv(false) })
    expect(sink.write({ a: 'x', b: 1, text: '\0' })?.code).toBe('CSV_NUL')
    expect(sink.write({ a: 'y', b: 1, text: 'a' })).toBeNull()
    await sink.finish()
    await sink.publish()
    expect(files.list()).toEqual(['/out/y/1.f'])
  })
})

describe('what stands there', () => {
  test('is seen at its first row', async () => {
    const files = new MemoryFiles()
    files.put('/out/x/1.f', 'theirs')
    const sink = sinkIn(files, { if_exists: 'fail', newFormat: lines })
    await sink.open(await sink.prepare(), null)
    expect(() => sink.write({ a: 'x', b: 1 })).toThrow(/exists already/)
    await expect(sink.flush()).rejects.toMatchObject({ code: 'CUSTODY_TARGET_EXISTS' })
    files.put('/out/z/1.f/inside', 'theirs')
    const other = sinkIn(files, { if_exists: 'append', newFormat: lines, path: 'out/{{ row.a }}' })
    await other.open(await other.prepare(), null)
    expect(() => other.write({ a: 'z' })).toThrow(/is a folder/)
  })

  test('takes other names than those of this run', async () => {
    const files = new MemoryFiles()
    files.put('/out/x.f', 'theirs')
    const shape: Shape = { if_exists: 'number', newFormat: lines, path: 'out/{{ row.a }}.f' }
    const rows = ['x', 'x-1', 'y'].map(a => ({ a }))
    const artifacts = await drive(files, shape, rows, 1, nothing())
    expect(artifacts.map(({ path }) => path)).toEqual(['/out/x-2.f', '/out/x-1.f', '/out/y.f'])
    expect(files.text('/out/x.f')).toBe('theirs')
  })

  test.each<[IfExists, string, (files: MemoryFiles) => void]>([
    ['fail', 'CUSTODY_TARGET_EXISTS', files => files.put('/out/x/b0.f', 'theirs')],
    ['append', 'CUSTODY_TARGET_EXISTS', files => files.put('/out/z/b1.f', 'theirs')],
    ['append', 'CUSTODY_OUTPUT_CHANGED', files => files.append('/out/x/b0.f', 'theirs')],
    ['append', 'CUSTODY_OUTPUT_CHANGED', files => files.drop('/out/x/b0.f')],
    ['append', 'CUSTODY_OUTPUT_CHANGED', files => files.edit('/out/x/b0.f', text => text.toUpperCase())],
    ['replace', 'CUSTODY_OUTPUT_CHANGED', files => files.put('/out/x/b0.f', 'theirs')],
    ['replace', 'CUSTODY_TARGET_EXISTS', files => files.put('/out/z/b1.f', 'theirs')],
  ])('was changed by others (%s, %s), at any step: it stays as it is', async (if_exists, code, doing) => {
    const shape: Shape = { if_exists, newFormat: lines }
    // What they did is the same each time, so that it shows which of the files they touched.
    const touched = prior(shape)
    doing(touched)
    const theirs = (files: MemoryFiles) =>
      Object.fromEntries(
        touched.list().flatMap(path => (touched.text(path)?.includes('before') ? [] : [[path, files.text(path)]])),
      )
    let noticed = 0
    for (let step = 0; ; step++) {
      const files = prior(shape)
      const run = nothing()
      let at = 0
      let left: Record<string, string | null> | null = null
      // Between a look and what follows from it nothing waits.
      const undivided = new Set(['link', 'rename', 'remove', 'write', 'look'])
      files.before = name => {
        if (at++ < step || left !== null || undivided.has(name) || run.rows < ROWS.length) return
        doing(files)
        left = theirs(files)
      }
      const failure = await drive(files, shape, ROWS, 5, run).then(
        () => null,
        (thrown: unknown) => thrown as { readonly code: string },
      )
      if (left === null) break
      // What was there already when they came is done with.
      if (failure === null) continue
      noticed++
      expect(['CUSTODY_TARGET_EXISTS', 'CUSTODY_OUTPUT_CHANGED'], String(failure)).toContain(failure.code)
      for (const [path, text] of Object.entries(left)) if (text !== null) expect(files.text(path)).toBe(text)
    }
    expect(noticed, code).toBeGreaterThan(0)
  })
})

describe('a run that is given up', () => {
  test.each(['gathering', 'settled', 'made'])('when it is %s: nothing is left', async phase => {
    for (const again of [false, true]) {
      const shape: Shape = { if_exists: 'append', newFormat: lines }
      const files = prior(shape)
      const before = content(files)
      let sink = sinkIn(files, shape)
      const intent = await sink.prepare()
      await sink.open(intent, null)
      for (const row of ROWS) sink.write(row)
      let receipt = await sink.flush()
      if (phase !== 'gathering') await sink.settle()
      if (phase !== 'gathering') receipt = await sink.flush()
      if (phase === 'made') receipt = await sink.finish()
      if (again) {
        await sink.close()
        sink = sinkIn(files, shape)
        await sink.open(kept(intent), kept(receipt))
      }
      expect(await sink.discard()).toEqual({ kind: 'dropped' })
      await sink.close()
      expect(content(files)).toEqual(before)
    }
  })
})

test('a former holder writes nothing', async () => {
  const shape: Shape = { if_exists: 'fail', newFormat: lines }
  const files = new MemoryFiles()
  const former = sinkIn(files, shape)
  const intent = await former.prepare()
  await former.open(intent, null)
  for (const row of ROWS) former.write(row)
  await former.flush()
  await former.settle()
  const receipt = kept(await former.flush())
  const made = await former.finish()
  const run: Recorded = { intent: kept(intent), receipt, rows: ROWS.length, finished: false }
  const next = await drive(files, shape, ROWS, 5, run)
  const after = content(files)
  await expect(former.publish()).rejects.toMatchObject({ code: 'CUSTODY_OUTPUT_CHANGED' })
  expect(made.files).toEqual(next satisfies readonly Artifact[])
  expect(content(files)).toEqual(after)
})

test('another run waits for the same pattern, but not where each takes what is free', async () => {
  const files = new MemoryFiles()
  const begin = async (if_exists: IfExists, run: string) => {
    const target = { path: 'out/{{ row.a }}', folder: '/', node: 'out', if_exists, appendable: true, run }
    const options = { target, newFormat: lines, pack: null, max_files: 9, inUse: () => null }
    const sink = new ManyFilesSink(options, files)
    await sink.open(await sink.prepare(), null)
    return sink
  }
  const other = RUN.replace(/1$/, '2')
  await begin('replace', RUN)
  await expect(begin('replace', other)).rejects.toMatchObject({ code: 'CUSTODY_OUTPUT_HELD' })
  const [one, two] = [await begin('number', RUN), await begin('number', other)]
  for (const sink of [one, two]) sink.write({ a: 'x' })
  await one.finish()
  await one.publish()
  await two.finish()
  expect((await two.publish()).map(({ path }) => path)).toEqual(['/out/x-1'])
})
