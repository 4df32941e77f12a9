import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Folder, writeAll } from '../../../test/support/plugin-files.ts'
import type { Row } from '../../model/row.ts'
import type { PluginSpec, Receipt } from '../../sdk/spec.ts'
import { csvSink } from './csv.ts'
import { jsonSink } from './json.ts'
import { jsonlSink } from './jsonl.ts'
import { asOutputError } from './sink-error.ts'
import { textSink } from './text.ts'

type AnySink = Extract<PluginSpec, { kind: 'sink' }>

const sha256 = (content: string) => createHash('sha256').update(content).digest('hex')
const ROWS: Row[] = Array.from({ length: 4 }, (_, n) => ({ id: n, text: `row "${n}", Zoë` }))

/** Each format with what is there before, and what seven rows make of it. */
const FORMATS: readonly { name: string; spec: AnySink; options: object; prior: string | null }[] = [
  { name: 'csv', spec: csvSink, options: {}, prior: null },
  { name: 'csv, replacing', spec: csvSink, options: { if_exists: 'replace' }, prior: 'old\n' },
  { name: 'csv, appending', spec: csvSink, options: { if_exists: 'append' }, prior: 'text,id\na,9' },
  { name: 'jsonl', spec: jsonlSink, options: {}, prior: null },
  { name: 'jsonl, appending', spec: jsonlSink, options: { if_exists: 'append' }, prior: '{}' },
  { name: 'json', spec: jsonSink, options: {}, prior: null },
  { name: 'json, replacing', spec: jsonSink, options: { if_exists: 'replace' }, prior: '[]\n' },
  { name: 'text', spec: textSink, options: {}, prior: null },
]

/** Files of a folder, hidden ones too. */
const listed = (folder: Folder) => readdirSync(folder.path).sort()

describe.each(FORMATS)('winding back: $name', ({ spec, options, prior }) => {
  const place = { path: 'out/file', ...options }
  const fill = (folder: Folder) => {
    mkdirSync(join(folder.path, 'out'), { recursive: true })
    if (prior !== null) folder.put('out/file', prior)
  }
  const undisturbed = async () => {
    const folder = new Folder()
    fill(folder)
    await writeAll(folder.sink(spec, place), ROWS)
    return folder.text('out/file')
  }

  const kept = <T>(value: T) => JSON.parse(JSON.stringify(value)) as T

  test.each([...ROWS.keys(), ROWS.length])('a crash behind flush %i, before or after its commit', async crash => {
    const expected = await undisturbed()
    for (const committed of crash === 0 ? [0] : [crash - 1, crash]) {
      const folder = new Folder()
      fill(folder)
      const before = folder.sink(spec, place)
      const intent = await before.prepare()
      await before.open(intent, null)
      const receipts: (Receipt | null)[] = [null]
      for (const row of ROWS.slice(0, crash)) {
        before.write(row)
        receipts.push(await before.flush())
      }
      await before.close()
      // Crashes once more at once, then continues to the end.
      const between = folder.sink(spec, place)
      await between.open(kept(intent), kept(receipts[committed]!))
      between.write(ROWS[0]!)
      await between.flush()
      await between.close()
      const after = folder.sink(spec, place)
      await after.open(kept(intent), kept(receipts[committed]!))
      for (const row of ROWS.slice(committed)) expect(after.write(row)).toBeNull()
      await after.flush()
      const last = await after.finish()
      expect(await after.finish()).toEqual(last)
      await after.close()
      // Crashes before the renaming, and behind it.
      for (let times = 0; times < 2; times++) {
        const finished = folder.sink(spec, place)
        await finished.open(kept(intent), kept(last))
        expect(await finished.finish()).toEqual(last)
        const artifact = await finished.publish()
        expect(artifact).toEqual({
          path: join(folder.path, 'out/file'),
          rows: ROWS.length,
          bytes: last.bytes,
          sha256: sha256(expected),
        })
        expect(await finished.publish()).toEqual(artifact)
        await finished.close()
      }
      expect(folder.text('out/file')).toBe(expected)
      expect(readdirSync(join(folder.path, 'out'))).toEqual(['file'])
    }
  })

  test('in the same process too, whatever was written since', async () => {
    const expected = await undisturbed()
    const folder = new Folder()
    fill(folder)
    const sink = folder.sink(spec, place)
    const intent = await sink.prepare()
    await sink.open(intent, null)
    for (const row of ROWS.slice(0, 2)) sink.write(row)
    const receipt = await sink.flush()
    for (const row of ROWS.slice(3)) sink.write(row)
    await sink.flush()
    sink.write(ROWS[0]!)
    await sink.close()
    await sink.open(intent, receipt)
    for (const row of ROWS.slice(2)) sink.write(row)
    const last = await sink.finish()
    await sink.publish()
    await sink.close()
    expect(folder.text('out/file')).toBe(expected)
    expect(last).toMatchObject({ rows: ROWS.length, bytes: Buffer.byteLength(expected), sha256: sha256(expected) })
  })
})

describe('a former holder', () => {
  test.each([
    ['staged', {}, null],
    ['appended to', { if_exists: 'append' }, '{"id":0}\n'],
  ])(
    'of a file that is %s writes nothing, and can’t wind back what is no longer its own',
    async (_name, more, prior) => {
      const folder = new Folder()
      const options = { path: 'out.jsonl', ...more }
      if (prior !== null) folder.put('out.jsonl', prior)
      const former = folder.sink(jsonlSink, options)
      const intent = await former.prepare()
      await former.open(intent, null)
      former.write({ id: 1 })
      const receipt = await former.flush()
      const next = folder.sink(jsonlSink, options)
      await next.open(intent, receipt)
      next.write({ id: 2 })
      const second = await next.flush()
      former.write({ id: 666 })
      await expect(former.flush()).rejects.toMatchObject({ code: 'CUSTODY_RUN_LOST' })
      for (const each of [receipt, null]) {
        await expect(former.open(intent, each)).rejects.toMatchObject({ code: 'CUSTODY_RUN_LOST' })
      }
      next.write({ id: 3 })
      await next.finish()
      await next.publish()
      await next.close()
      const written = `${prior ?? ''}{"id":1}\n{"id":2}\n{"id":3}\n`
      expect(second.bytes).toBe(written.length - 9)
      expect(folder.text('out.jsonl')).toBe(written)
      // Its successor is done, and the lock is gone.
      for (const each of [receipt, null]) {
        await expect(former.open(intent, each)).rejects.toMatchObject({ code: 'CUSTODY_OUTPUT_CHANGED' })
      }
      await former.close()
      expect(folder.text('out.jsonl')).toBe(written)
      expect(listed(folder)).toEqual(['out.jsonl'])
    },
  )
})

describe('if_exists', () => {
  test('fail is the default, and names the option', async () => {
    const folder = new Folder()
    folder.put('out.csv', 'x')
    await expect(folder.sink(csvSink, { path: 'out.csv' }).prepare()).rejects.toMatchObject({
      code: 'CUSTODY_TARGET_EXISTS',
      message: expect.stringContaining('if_exists: fail'),
      hint: expect.stringContaining('if_exists: append, replace or number'),
      where: { node: 'out', path: join(folder.path, 'out.csv') },
    })
    folder.put('out.json', 'x')
    await expect(folder.sink(jsonSink, { path: 'out.json' }).prepare()).rejects.toMatchObject({
      hint: expect.not.stringContaining('append'),
    })
  })

  test('nothing is touched before open, and a file that appears in between is left alone', async () => {
    const folder = new Folder()
    for (const spec of [csvSink, jsonlSink, textSink] as AnySink[]) {
      const sink = folder.sink(spec, { path: 'deep/er/out' })
      const intent = await sink.prepare()
      expect(listed(folder)).toEqual([])
      await sink.open(intent, null)
      sink.write({ text: 'ours' })
      const receipt = await sink.finish()
      folder.put('deep/er/out', 'theirs')
      await expect(sink.publish()).rejects.toMatchObject({ code: 'CUSTODY_TARGET_EXISTS' })
      await sink.close()
      // Nor by one who resumes the run.
      const next = folder.sink(spec, { path: 'deep/er/out' })
      await next.open(intent, receipt)
      await expect(next.publish()).rejects.toMatchObject({ code: 'CUSTODY_TARGET_EXISTS' })
      expect(folder.text('deep/er/out')).toBe('theirs')
      expect(await next.discard?.()).toEqual({ kind: 'dropped' })
      await next.close()
      expect(readdirSync(join(folder.path, 'deep/er'))).toEqual(['out'])
      rmSync(join(folder.path, 'deep'), { recursive: true })
    }
    const sink = folder.sink(jsonSink, { path: 'out.json' })
    await sink.open(await sink.prepare(), null)
    await sink.finish()
    folder.put('out.json', 'theirs')
    await expect(sink.publish()).rejects.toMatchObject({ code: 'CUSTODY_TARGET_EXISTS' })
    expect(folder.text('out.json')).toBe('theirs')
    await sink.close()
  })

  test.each([null, 'old'])(
    'a folder that comes in the way (where there was %o) is named, and changes no rights',
    async before => {
      const folder = new Folder()
      if (before !== null) folder.put('out.csv', before)
      const sink = folder.sink(csvSink, { path: 'out.csv', if_exists: 'replace' })
      const intent = await sink.prepare()
      await sink.open(intent, null)
      sink.write({ a: 1 })
      await sink.finish()
      const target = join(folder.path, 'out.csv')
      const rights = () => statSync(intent.staged!).mode & 0o777
      const own = rights()
      rmSync(target, { force: true })
      mkdirSync(target)
      chmodSync(target, 0o777)
      await expect(sink.publish()).rejects.toMatchObject({
        code: 'CUSTODY_TARGET_EXISTS',
        message: `something stands at ${target} that wasn’t there when the run began`,
        hint: 'Move it away, then resume.',
      })
      expect(rights()).toBe(own)
      rmSync(target, { recursive: true })
      expect(await sink.publish()).toMatchObject({ path: target, rows: 1 })
      await sink.close()
    },
  )

  test('a crash in the middle of the renaming is made good', async () => {
    const folder = new Folder()
    const sink = folder.sink(jsonSink, { path: 'out.json' })
    const intent = await sink.prepare()
    await sink.open(intent, null)
    sink.write({ a: 1 })
    const receipt = await sink.finish()
    await sink.close()
    linkSync(intent.staged!, intent.path!)
    const next = folder.sink(jsonSink, { path: 'out.json' })
    await next.open(intent, receipt)
    expect(await next.publish()).toMatchObject({ path: intent.path, sha256: receipt.sha256 })
    await next.close()
    expect(listed(folder)).toEqual(['out.json'])
    expect(folder.text('out.json')).toBe('[\n{"a":1}\n]\n')
  })

  test('append keeps what is there and says so', async () => {
    const folder = new Folder()
    folder.put('out.jsonl', '{"id":0}\n')
    const sink = folder.sink(jsonlSink, { path: 'out.jsonl', if_exists: 'append' })
    const intent = await sink.prepare()
    expect(intent).toMatchObject({ mode: 'append', prior_bytes: 9, prior_sha256: sha256('{"id":0}\n'), staged: null })
    await sink.open(intent, null)
    sink.write({ id: 1 })
    const receipt = await sink.flush()
    expect(receipt).toMatchObject({ rows: 1, bytes: 18, sha256: sha256('{"id":0}\n{"id":1}\n') })
    await sink.close()
    folder.put('out.jsonl', '{"id":8}\n')
    const late = folder.sink(jsonlSink, { path: 'out.jsonl', if_exists: 'append' })
    const stale = await late.prepare()
    folder.put('out.jsonl', '{"id":8}\n{"id":9}\n')
    await expect(late.open(stale, null)).rejects.toMatchObject({ code: 'CUSTODY_OUTPUT_CHANGED' })
    await late.close()
    expect(folder.text('out.jsonl')).toBe('{"id":8}\n{"id":9}\n')
  })

  test('replace leaves the old file until it is published, with its rights', async () => {
    const folder = new Folder()
    chmodSync(folder.put('out.csv', 'old'), 0o640)
    symlinkSync('out.csv', join(folder.path, 'link.csv'))
    const sink = folder.sink(csvSink, { path: 'link.csv', if_exists: 'replace' })
    const intent = await sink.prepare()
    expect(intent.path).toBe(join(folder.path, 'out.csv'))
    await sink.open(intent, null)
    sink.write({ a: 1 })
    await sink.finish()
    expect(folder.text('out.csv')).toBe('old')
    await sink.publish()
    await sink.close()
    expect(folder.text('out.csv')).toBe('a\n1\n')
    expect(statSync(join(folder.path, 'out.csv')).mode & 0o777).toBe(0o640)
    expect(listed(folder)).toEqual(['link.csv', 'out.csv'])
  })

  test.each(['replace', 'number', 'append'])(
    'a folder that is a link: %s names the file there, whether it is there yet or not',
    async if_exists => {
      const folder = new Folder()
      mkdirSync(join(folder.path, 'real'))
      symlinkSync('real', join(folder.path, 'link'))
      const prepared = async () =>
        (await folder.sink(jsonlSink, { path: 'link/new/out.jsonl', if_exists }).prepare()).path
      const real = join(realpathSync(folder.path), 'real', 'new')
      expect(await prepared()).toBe(join(real, 'out.jsonl'))
      await writeAll(folder.sink(jsonlSink, { path: 'link/new/out.jsonl', if_exists }), [{ a: 1 }])
      expect(await prepared()).toBe(join(real, if_exists === 'number' ? 'out-1.jsonl' : 'out.jsonl'))
    },
  )

  test('number takes the first free name', async () => {
    const folder = new Folder()
    for (const expected of ['out.csv', 'out-1.csv', 'out-2.csv']) {
      const sink = folder.sink(csvSink, { path: 'out.csv', if_exists: 'number' })
      expect((await sink.prepare()).path).toBe(join(folder.path, expected))
      await writeAll(sink, [{ a: 1 }])
    }
    expect(listed(folder)).toEqual(['out-1.csv', 'out-2.csv', 'out.csv'])
  })
})

describe('places that can’t be written', () => {
  test('folders, files on the way, links to nothing', async () => {
    const folder = new Folder()
    folder.put('file', 'x')
    symlinkSync('nowhere', join(folder.path, 'link'))
    for (const path of ['.', 'file/out.csv', 'file/a/b.csv', 'link']) {
      await expect(folder.sink(csvSink, { path }).prepare()).rejects.toMatchObject({
        code: 'CUSTODY_SINK',
        where: { node: 'out' },
      })
    }
  })

  test.skipIf(!existsSync('/dev/full'))('a full disk: nothing more is written, and the receipt stands', async () => {
    const folder = new Folder()
    const sink = folder.sink(jsonlSink, { path: '/dev/full' })
    const intent = await sink.prepare()
    expect(intent).toMatchObject({ path: null, mode: 'stream' })
    await sink.open(intent, null)
    sink.write({ id: 1 })
    await expect(sink.flush()).rejects.toMatchObject({ code: 'CUSTODY_SINK_FULL', where: { path: '/dev/full' } })
    expect(() => sink.write({ id: 2 })).toThrow()
    await expect(sink.flush()).rejects.toMatchObject({ code: 'CUSTODY_SINK_FULL' })
    await sink.close()
  })

  test.each([
    ['ENOSPC', 'CUSTODY_SINK_FULL'],
    ['EDQUOT', 'CUSTODY_SINK_FULL'],
    ['EFBIG', 'CUSTODY_SINK_FULL'],
    ['EACCES', 'CUSTODY_SINK'],
    ['EROFS', 'CUSTODY_SINK'],
    ['ENOTDIR', 'CUSTODY_SINK'],
    ['EIO', 'CUSTODY_SINK'],
  ])('%s is %s, with path and hint', (code, expected) => {
    const error = asOutputError(Object.assign(new Error(code), { code }), { node: 'out', path: '/x/y.csv' })
    expect(error).toMatchObject({
      code: expected,
      message: expect.stringContaining('/x/y.csv'),
      hint: expect.any(String),
    })
  })
})

describe('formats', () => {
  test('without rows', async () => {
    const folder = new Folder()
    await writeAll(folder.sink(csvSink, { path: 'a.csv' }), [])
    await writeAll(folder.sink(csvSink, { path: 'b.csv', columns: ['x', 'y'] }), [])
    await writeAll(folder.sink(jsonlSink, { path: 'c.jsonl' }), [])
    await writeAll(folder.sink(jsonSink, { path: 'd.json' }), [])
    await writeAll(folder.sink(textSink, { path: 'e.txt' }), [])
    expect(listed(folder).map(name => folder.text(name))).toEqual(['', 'x,y\n', '', '[]\n', ''])
  })

  test('json is an array of the rows in order', async () => {
    const folder = new Folder()
    await writeAll(folder.sink(jsonSink, { path: 'out.json' }), ROWS)
    expect(JSON.parse(folder.text('out.json'))).toEqual(ROWS)
    expect(folder.text('out.json')).toBe(`[\n${ROWS.map(row => JSON.stringify(row)).join(',\n')}\n]\n`)
    expect(jsonSink.options.safeParse({ path: 'x', if_exists: 'append' }).success).toBe(false)
  })

  test('jsonl keeps the order of fields, and nulls', async () => {
    const folder = new Folder()
    await writeAll(folder.sink(jsonlSink, { path: 'out' }), [{ b: null, a: [1, { c: 'x\n' }] }])
    expect(folder.text('out')).toBe('{"b":null,"a":[1,{"c":"x\\n"}]}\n')
  })

  test('text writes one field', async () => {
    const folder = new Folder()
    const rows: Row[] = [{ t: 'one' }, { t: 2 }, { t: null }, { t: {} }, {}, { t: 'two' }]
    expect(await writeAll(folder.sink(textSink, { path: 'out', field: 't' }), rows)).toEqual(
      Array(3).fill('TEXT_FIELD'),
    )
    expect(folder.text('out')).toBe('one\n2\ntwo\n')
  })

  test('standard output', () => {
    const script = `
      import { csvSink } from ${JSON.stringify(resolve(import.meta.dirname, 'csv.ts'))}
      const context = { node: 'out', folder: '/', originalNames: () => ({}), input: { fields: new Map(), closed: false } }
      const sink = csvSink.create(csvSink.options.parse({ path: '-' }), context)
      const intent = await sink.prepare()
      await sink.open(intent, null)
      sink.write({ a: 1, b: 'x' })
      await sink.flush()
      sink.write({ a: 2, b: 'Zoë' })
      const receipt = await sink.finish()
      console.error(JSON.stringify([intent.path, receipt.bytes, receipt.sha256, await sink.publish()]))
      await sink.close()
    `
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    expect(stdout).toBe('a,b\n1,x\n2,Zoë\n')
    expect(JSON.parse(stderr)).toEqual([null, 15, null, null])
  })

  test('a refused row leaves nothing behind, not even in the counts', async () => {
    const folder = new Folder()
    const sink = folder.sink(textSink, { path: 'out' })
    await sink.open(await sink.prepare(), null)
    expect(sink.write({})).toMatchObject({ kind: 'error', code: 'TEXT_FIELD', retryable: false })
    expect(await sink.flush()).toMatchObject({ rows: 0, bytes: 0, sha256: sha256('') })
    await sink.publish()
    await sink.close()
    expect(readFileSync(join(folder.path, 'out')).length).toBe(0)
  })
})
