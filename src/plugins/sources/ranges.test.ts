import { createHash } from 'node:crypto'
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LONG } from '../../../test/support/form.ts'
import { Folder, readAll } from '../../../test/support/plugin-files.ts'
import type { Json } from '../../model/row.ts'
import type { SourceRange, SourceRecord } from '../../sdk/spec.ts'
import { conformanceProblems } from '../../sdk/testing.ts'
import { csvSource } from './csv.ts'
import { CsvFormat } from './csv-format.ts'
import { csvLayout, csvOptions, encodingFrom } from './csv-options.ts'
import { FileSource } from './file-source.ts'
import { jsonlFile, jsonlSource } from './jsonl.ts'
import type { FileRange } from './one-file.ts'
import { textFile, textSource } from './text.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value))
const limits = { signal: new AbortController().signal }

/** Records, and the code of what was thrown behind them. */
async function tell(source: FileSource): Promise<{ records: SourceRecord[]; code: string | null }> {
  const records: SourceRecord[] = []
  try {
    for await (const chunk of source.read(null)) records.push(...chunk)
    return { records, code: null }
  } catch (error) {
    return { records, code: (error as { code: string }).code }
  }
}

/** What all ranges give, each read by a source of its own, must be what one gives that reads the whole. */
async function holds(
  make: (chunk_bytes: number) => FileSource,
  bytes: Buffer,
  ends: readonly number[],
  chunk_bytes: readonly [number, number],
  most_records?: number,
): Promise<void> {
  const whole = await tell(make(chunk_bytes[0]))
  const cut = make(chunk_bytes[1]).cut(ends, most_records === undefined ? limits : { ...limits, most_records })
  const most = most_records ?? Number.POSITIVE_INFINITY
  if (whole.code !== null && whole.records.length < most) {
    await expect(cut).rejects.toMatchObject({ code: whole.code })
    return
  }
  const ranges = throughJson(await cut) as readonly FileRange[]
  expect(ranges.length).toBe(ends.length + 1)
  const all: SourceRecord[] = []
  let at = 0
  for (const [i, range] of ranges.entries()) {
    expect(range.records_before).toBe(all.length)
    expect(range.from?.offset ?? 0).toBe(at)
    expect(range.from?.line ?? 1).toBe(range.line)
    const source = make(chunk_bytes[0])
    source.select(range)
    const records = await readAll(source)
    expect(records.length).toBe(range.records)
    const behind = at + range.bytes
    expect(range.to.offset).toBe(behind)
    const slice = bytes.subarray(at, behind)
    expect(range.sha256).toBe(sha256(slice))
    const { position: end, bytes: length } = source.end()
    expect(length).toBe(range.bytes)
    expect(source.hashUpTo(end)).toBe(range.sha256)
    expect(source.bytesBefore(end)).toBe(range.bytes)
    expect(await source.size()).toBe(range.bytes)
    await source.close()
    for (const index of new Set([0, Math.floor(records.length / 2), records.length - 1])) {
      const record = records[index]
      if (record === undefined) continue
      const again = make(chunk_bytes[1])
      again.select(range)
      await again.begin()
      expect(await readAll(again, { records: index + 1, position: throughJson(record.position) })).toEqual(
        records.slice(index + 1),
      )
      expect(again.hashUpTo(again.end().position)).toBe(range.sha256)
      await again.close()
    }
    const before = all.at(-1)
    all.push(...records)
    const byte = ends[i]
    // The byte lies in what the range has last; nothing else had to be in it.
    if (byte !== undefined && behind <= byte) expect(all.length).toBe(Math.min(most, whole.records.length))
    const last = records.at(-1)
    if (byte !== undefined && records.length > 1)
      expect(offsetOf(records.at(-2) as SourceRecord) <= byte || behind === bytes.length).toBe(true)
    if (last === undefined && before !== undefined && byte !== undefined && byte < bytes.length && range.bytes > 0)
      expect(i === 0 || all.length === whole.records.length).toBe(true)
    at = behind
  }
  expect(all).toEqual(whole.records.slice(0, most))
  if (whole.records.length < most || most_records === undefined) expect(at).toBe(bytes.length)
}

const offsetOf = ({ position }: SourceRecord) => (position as { offset: number }).offset

function encoded(text: string, encoding: string): Buffer {
  switch (encoding) {
    case 'utf-16le':
      return Buffer.from(text, 'utf16le')
    case 'utf-16be':
      return Buffer.from(text, 'utf16le').swap16()
    case 'latin1':
      return Buffer.from(text, 'latin1')
    default:
      return Buffer.from(text)
  }
}

const PARTS = ['a', 'b1', '""', '"', ',', ',', '\n', '\r\n', '\r', 'é', ' ', '"x\ny"', '"q""q"', '1,2\n', '1,"2"\r\n']
const text = fc.oneof(
  fc.array(fc.constantFrom(...PARTS, '\\', '#', ';', '\0'), { maxLength: 60 }).map(parts => parts.join('')),
  fc
    .array(fc.constantFrom('1,2', '3,"x, y"', '"a\nb",4', '"a""b",', '5', '6,"7"x', 'p"q,8', '', '"é",'), {
      maxLength: 30,
    })
    .chain(lines => fc.constantFrom('\n', '\r\n', '\r').map(end => lines.map(each => each + end).join(''))),
)
const ends = fc.array(fc.nat({ max: 160 }), { maxLength: 6 }).map(all => all.toSorted((a, b) => a - b))
const pieces = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 300 }))
const most = fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined, freq: 3 })
const PLACES = { path: 'in', node: 'in' }

describe('csv', () => {
  const options = fc.record({
    header: fc.boolean(),
    named: fc.boolean(),
    head: fc.constantFrom('a,b\n', '\n\n"a\nx",b\r\n', 'one\n', 'sep=;\na;b\n', ''),
    mark: fc.boolean(),
    skip_lines: fc.constantFrom(0, 0, 2),
    encoding: fc.constantFrom('utf-8', 'utf-8', 'utf-16le', 'utf-16be', 'latin1'),
    quote: fc.constantFrom('"', '"', 'none', '“'),
    quote_style: fc.constantFrom('strict', 'strict', 'lazy'),
    delimiter: fc.constantFrom(undefined, undefined, ',', ';', ',,'),
    comment: fc.constantFrom(undefined, undefined, '#'),
    ragged: fc.constantFrom('reject', 'pad'),
    recover: fc.constantFrom('record', 'line'),
    on_unclosed_quote: fc.constantFrom('stop', 'reject'),
    odd: fc.boolean(),
    max_units: fc.constantFrom(1000, 1000, 9),
  })

  test('ranges, read one after another, give what the whole gives', { timeout: 120_000 }, async () => {
    const folder = new Folder()
    const place = { ...PLACES, folder: folder.path }
    await fc.assert(
      fc.asyncProperty(text, options, ends, pieces, most, async (body, given, ends, pieces, most) => {
        const { head, mark, odd, max_units, named, ...rest } = given
        const wide = given.encoding.startsWith('utf-16')
        const quote = given.quote === '“' && given.encoding === 'latin1' ? '"' : given.quote
        const raw = { ...rest, quote, path: 'in', ...(named && !given.header ? { columns: ['a', 'b'] } : {}) }
        const defined = Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined))
        const parsed = csvOptions.parse(defined)
        const lead = mark && given.encoding !== 'latin1' ? '\uFEFF' : ''
        const whole = encoded(lead + head + body, given.encoding)
        const bytes = odd && wide && whole.length > 2 ? whole.subarray(0, whole.length - 1) : whole
        folder.put('in', bytes)
        const layout = { ...csvLayout(parsed), max_units, chosen: false }
        const make = (chunk_bytes: number) =>
          new FileSource(place, new CsvFormat(place, layout), { encoding: encodingFrom(parsed), chunk_bytes })
        await holds(make, bytes, ends, pieces, most)
      }),
      { numRuns: LONG ? 300 : 60 },
    )
  })

  test('ends of ranges are all ends of records, and no others (CSV-COUNTER-1)', { timeout: 60_000 }, async () => {
    const folder = new Folder()
    const place = { ...PLACES, folder: folder.path }
    const usual = fc.record({
      recover: fc.constantFrom('record', 'line'),
      on_unclosed_quote: fc.constantFrom('reject', 'stop'),
      quote: fc.constantFrom('"', '"', '"', 'none'),
      max_units: fc.constantFrom(1000, 4),
    })
    const parts = ['a', 'a', '"', '"', '""', ',', ',', '\n', '\n', '\r\n', '\r', 'é', '"x\ny"', '"\n', ',"', '",', 'b"']
    const dense = fc.array(fc.constantFrom(...parts), { maxLength: 40 }).map(all => all.join(''))
    const head = fc.constantFrom('a,b\n', 'a\n')
    await fc.assert(
      fc.asyncProperty(dense, head, usual, fc.integer({ min: 1, max: 200 }), async (body, head, given, chunk_bytes) => {
        const { max_units, ...rest } = given
        const bytes = Buffer.from(head + body)
        folder.put('in', bytes)
        const parsed = csvOptions.parse({ ...rest, path: 'in' })
        if (parsed.recover === 'line' && parsed.on_unclosed_quote === 'reject') return
        const layout = { ...csvLayout(parsed), max_units }
        const make = () => new FileSource(place, new CsvFormat(place, layout), { chunk_bytes })
        const whole = await tell(make())
        const cut = make().cut([...bytes.keys()], limits)
        if (whole.code !== null) {
          await expect(cut).rejects.toMatchObject({ code: whole.code })
          return
        }
        const ranges = (await cut) ?? []
        const found = ranges.filter(each => each.records > 0).map(({ to: { offset, line } }) => [offset, line])
        const expected = whole.records.map(({ position }) => position as unknown as FileRange['to'])
        expect(found.slice(0, -1)).toEqual(expected.map(({ offset, line }) => [offset, line]).slice(0, -1))
        expect(found.length).toBe(expected.length)
      }),
      { numRuns: LONG ? 1000 : 200 },
    )
  })

  test('a record that only what follows its range shows to be broken is what it is in the whole', async () => {
    const folder = new Folder()
    const bytes = Buffer.from('a,b\n"open,1\n2,3\n4,5"6,7\n8,9\n')
    folder.put('in', bytes)
    const place = { ...PLACES, folder: folder.path }
    const layout = csvLayout(csvOptions.parse({ path: 'in', recover: 'line' }))
    const make = (chunk_bytes: number) => new FileSource(place, new CsvFormat(place, layout), { chunk_bytes })
    for (let end = 0; end < bytes.length; end++) await holds(make, bytes, [end], [3, 100])
  })
})

test.each([
  [
    'jsonl',
    (place: object, settings: object, max: number) =>
      jsonlFile(place as never, { raw: true, numbers: null }, max, settings),
  ],
  [
    'text',
    (place: object, settings: object, max: number) =>
      textFile(place as never, { field: 'text', whole: false, encoding: 'utf-8' }, max, settings),
  ],
] as const)('ranges of %s give what the whole gives', { timeout: 60_000 }, async (_name, of) => {
  const folder = new Folder()
  const place = { ...PLACES, folder: folder.path }
  const parts = ['{"a":1}', '\n', '\r\n', '\n', ' ', '\t', '\r', 'x', '{"a":"é"}', '[1]', '          ']
  const lines = fc.array(fc.constantFrom(...parts), { maxLength: 60 }).map(all => all.join(''))
  const encoding = fc.constantFrom('', 'utf-8', 'utf-16le', 'utf-16be')
  await fc.assert(
    fc.asyncProperty(lines, encoding, fc.boolean(), ends, pieces, most, async (body, mark, odd, ends, pieces, most) => {
      const whole = encoded(mark === '' ? body : `\uFEFF${body}`, mark)
      const bytes = odd && whole.length > 3 ? whole.subarray(0, whole.length - 1) : whole
      folder.put('in', bytes)
      await holds(chunk_bytes => of(place, { chunk_bytes }, 8), bytes, ends, pieces, most)
    }),
    { numRuns: LONG ? 100 : 20 },
  )
})

test.each([
  [csvSource, { header: false, recover: 'line' }],
  [csvSource, { quote: 'none' }],
  [jsonlSource, {}],
  [textSource, {}],
] as const)('what the kit looks at holds of %#', async (spec, options) => {
  const files = { in: `\uFEFFa,b\r\n1,"2\n3"\n\n{"a":1}\n4"5,"6\n${'7,8\n'.repeat(20)}9,"` }
  const sample = { title: 'some', options: { path: 'in', ...options }, files }
  expect(await conformanceProblems(spec, [sample])).toEqual([])
})

describe('one file', () => {
  const source = (folder: Folder) => {
    const place = { ...PLACES, folder: folder.path }
    return new FileSource(place, new CsvFormat(place, csvLayout(csvOptions.parse({ path: 'in' }))))
  }
  const within = (folder: Folder, range: SourceRange) => {
    const selected = source(folder)
    selected.select(range)
    return selected
  }
  const cut = async (folder: Folder, ends: readonly number[]) => (await source(folder).cut(ends, limits)) as FileRange[]
  const counts = (ranges: readonly SourceRange[]) => ranges.map(({ records, bytes }) => [records, bytes])

  test('without records, or with fewer than ends, has empty ranges', async () => {
    const folder = new Folder()
    folder.put('in', '')
    expect(counts(await cut(folder, [0, 5]))).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ])
    folder.put('in', 'a,b\n')
    expect(counts(await cut(folder, [0, 3, 5]))).toEqual([
      [0, 4],
      [0, 0],
      [0, 0],
      [0, 0],
    ])
    folder.put('in', 'a,b\n1,2\n\n3,4\n\n')
    const ranges = await cut(folder, [4, 4, 8, 9, 14, 99])
    expect(counts(ranges)).toEqual([
      [1, 8],
      [0, 0],
      [1, 5],
      [0, 0],
      [0, 1],
      [0, 0],
      [0, 0],
    ])
    for (const range of ranges) expect((await readAll(within(folder, range))).length).toBe(range.records)
  })

  test('that was changed, or is shorter, isn’t read as what it was', async () => {
    const folder = new Folder()
    const path = folder.put('in', 'a,b\n1,2\n3,4\n5,6\n7,8\n')
    const ranges = await cut(folder, [5, 9])
    const [, second, third] = ranges as [FileRange, FileRange, FileRange]
    const changed = { code: 'CUSTODY_SOURCE_CHANGED' }
    appendFileSync(path, '9,9\n')
    expect((await readAll(within(folder, third))).length).toBe(2)
    truncateSync(path, 14)
    expect((await readAll(within(folder, second))).length).toBe(1)
    await expect(readAll(within(folder, third))).rejects.toMatchObject(changed)
    truncateSync(path, 2)
    await expect(readAll(within(folder, second))).rejects.toMatchObject(changed)
    writeFileSync(path, 'a,b\n1,2\n3,444\n5,6\n7,8\n')
    await expect(readAll(within(folder, second))).rejects.toMatchObject(changed)
    writeFileSync(path, 'a,b\n1,2\n3,9\n5,6\n7,8\n')
    const other = within(folder, second)
    expect((await readAll(other)).length).toBe(1)
    expect(other.hashUpTo(other.end().position)).not.toBe(second.sha256)
  })

  test('is given up when nobody wants its ranges', async () => {
    const folder = new Folder()
    folder.put('in', 'a,b\n1,2\n')
    const signal = AbortSignal.abort(new Error('stopped'))
    await expect(source(folder).cut([4], { signal })).rejects.toThrow('stopped')
  })

  test('can’t be cut where it is compressed, a pipe, or one record', async () => {
    const folder = new Folder()
    folder.put('in', 'a,b\n1,2\n')
    const place = { ...PLACES, folder: folder.path }
    const format = () => new CsvFormat(place, csvLayout(csvOptions.parse({ path: 'in' })))
    expect(await new FileSource({ ...place, compression: 'gzip' }, format()).cut([], limits)).toBe(null)
    expect(await new FileSource({ ...place, path: '-' }, format()).cut([], limits)).toBe(null)
    expect(await new FileSource({ ...place, path: '/dev/null' }, format()).cut([], limits)).toBe(null)
    const whole = textFile(place, { field: 'text', whole: true, encoding: 'utf-8' })
    expect(await whole.cut([], limits)).toBe(null)
  })

  test('has a range read from where it begins, and no byte before it but the head', async () => {
    const folder = new Folder()
    const row = `${'x'.repeat(97)},1\n`
    const path = folder.put('in', `a,b\n${row.repeat(20_000)}`)
    const ranges = await cut(folder, [500_000, 1_000_000, 1_500_000])
    const { size } = (ranges[2] as FileRange).to
    // What lies before is another thing by now: nobody notices.
    writeFileSync(path, `a,b\n${'\0'.repeat(1_000_000 - 4)}`, { flag: 'r+' })
    const third = within(folder, ranges[2] as FileRange)
    const records: Json[] = (await readAll(third)).map(({ kind }) => kind)
    expect(new Set(records)).toEqual(new Set(['row']))
    expect(third.hashUpTo(third.end().position)).toBe(ranges[2]?.sha256)
    expect(size).toBe(2_000_004)
    expect(join(folder.path, 'in')).toBe(path)
  })
})
