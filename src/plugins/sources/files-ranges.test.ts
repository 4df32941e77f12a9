/** Ranges of several files: the rest of one, all of others, and the beginning of another. */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LONG } from '../../../test/support/form.ts'
import { Folder } from '../../../test/support/plugin-files.ts'
import { zipOf } from '../../../test/support/zip.ts'
import { NOBODY_TO_ASK } from '../../sdk/source.ts'
import type { FileRead, ResumePoint, Source, SourceItem, SourceRange } from '../../sdk/spec.ts'
import { csvSource } from './csv.ts'

const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value))
const limits = { signal: new AbortController().signal }
const most = fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined, freq: 3 })

describe('several files', () => {
  async function prepared(folder: Folder, range: SourceRange | null, recorded: readonly string[] | null) {
    const source = folder.source(csvSource, { path: '*.csv', path_field: 'file' })
    const names = (await source.list?.(recorded))?.names ?? []
    if (range !== null) source.select?.(range)
    await source.prepare?.()
    return { source, names }
  }

  async function items(source: Source, from: ResumePoint | null) {
    await source.begin?.(from)
    const all: SourceItem[] = []
    const files: FileRead[] = []
    const points: ResumePoint[] = []
    let records = 0
    for await (const chunk of source.read(from, NOBODY_TO_ASK))
      for (const item of chunk) {
        all.push(item)
        const sha256 = source.hashUpTo?.(item.position) ?? ''
        if (item.kind === 'end_of_file') files.push({ records, bytes: item.bytes, sha256 })
        records = item.kind === 'end_of_file' ? 0 : records + 1
        const count = all.filter(({ kind }) => kind !== 'end_of_file').length
        points.push(throughJson({ records: count, position: item.position, files: [...files] }))
      }
    return { all, files, points }
  }

  const bodies = fc.array(
    fc
      .array(fc.constantFrom('1,2\n', '"a\nb",4\r\n', '5\n', '\n', 'p"q,8\n'), { maxLength: 8 })
      .map(lines => lines.join('')),
    { maxLength: 5 },
  )
  const head = fc.constantFrom('a,b\n', '\na,b\n')

  test('ranges, read one after another, give what the whole gives', { timeout: 60_000 }, async () => {
    const bytes = fc.array(fc.nat({ max: 100 }), { maxLength: 6 }).map(all => all.toSorted((a, b) => a - b))
    await fc.assert(
      fc.asyncProperty(bodies, head, bytes, most, async (bodies, head, ends, most_records) => {
        const folder = new Folder()
        folder.put('0.csv', 'a,b\n')
        for (const [i, body] of bodies.entries()) folder.put(`${i + 1}.csv`, body === '' ? '' : head + body)
        const contents = ['a,b\n', ...bodies.map(body => (body === '' ? '' : head + body))]
        const whole = await prepared(folder, null, null)
        const expected = await items(whole.source, null)
        const end = whole.source.end?.()
        await whole.source.close()
        const cutter = await prepared(folder, null, whole.names)
        const given = await cutter.source.cut?.(ends, most_records === undefined ? limits : { ...limits, most_records })
        await cutter.source.close()
        const ranges = throughJson(given ?? [])
        expect(ranges.length).toBe(ends.length + 1)
        const all: SourceItem[] = []
        const pieces: { records: number; bytes: number }[] = []
        let records = 0
        let before = 0
        for (const range of ranges) {
          const { source } = await prepared(folder, range, whole.names)
          const found = await items(source, null)
          const last = source.end?.() ?? { position: null, bytes: 0 }
          expect(found.files).toEqual(range.files)
          expect(last.bytes).toBe(range.bytes)
          expect(await source.size?.()).toBe(range.bytes)
          expect(source.bytesBefore?.(last.position)).toBe(range.bytes)
          if (range.records > 0 || range.bytes > 0) expect(source.hashUpTo?.(last.position)).toBe(range.sha256)
          await source.close()
          expect(range.records_before).toBe(records)
          expect(found.all.filter(({ kind }) => kind !== 'end_of_file').length).toBe(range.records)
          for (const [i, point] of found.points.entries()) {
            const again = await prepared(folder, range, whole.names)
            const rest = await items(again.source, point)
            expect(rest.all).toEqual(found.all.slice(i + 1))
            expect(again.source.end?.().bytes).toBe(range.bytes)
            if (rest.all.length > 0)
              expect(again.source.hashUpTo?.(again.source.end?.().position ?? null)).toBe(range.sha256)
            await again.source.close()
          }
          all.push(...found.all)
          pieces.push(...(range.files ?? []))
          records += range.records
          before += range.bytes
        }
        const most = most_records ?? Number.POSITIVE_INFINITY
        const of = (items: readonly SourceItem[]) => items.filter(({ kind }) => kind !== 'end_of_file')
        expect(of(all)).toEqual(of(expected.all).slice(0, most))
        if (of(expected.all).length >= most) return
        expect(before).toBe(end?.bytes)
        expect(before).toBe(contents.join('').length)
        expect(pieces.length).toBe(contents.length)
        const ended = (items: readonly SourceItem[]) =>
          items.flatMap(({ kind, position }) =>
            kind === 'end_of_file' ? [{ ...(position as object), head: '', blank: 0 }] : [],
          )
        expect(ended(all)).toEqual(ended(expected.all))
      }),
      { numRuns: LONG ? 60 : 15 },
    )
  })

  test('one that has changed is refused', async () => {
    const folder = new Folder()
    folder.put('1.csv', 'a,b\n1,2\n')
    folder.put('2.csv', 'a,b\n3,4\n')
    const { source, names } = await prepared(folder, null, null)
    const [first, second] = (await source.cut?.([9], limits)) ?? []
    expect([first?.records, second?.records]).toEqual([1, 1])
    folder.put('1.csv', 'a,b\n1,2\n5,6\n')
    const again = await prepared(folder, first ?? null, names)
    await expect(items(again.source, null)).rejects.toMatchObject({ code: 'CUSTODY_SOURCE_CHANGED' })
  })

  test('that can’t be cut within are cut between, where that is nearer; a limit needs that they can', async () => {
    const folder = new Folder()
    const text = (from: number) => `a,b\n${Array.from({ length: 30 }, (_, i) => `${from + i},x\n`).join('')}`
    folder.put('1.csv.gz', gzipSync(text(0)))
    folder.put('2.csv', text(30))
    folder.put('3.csv.gz', gzipSync(text(60)))
    folder.put(
      '4.zip',
      zipOf([
        { name: 'm.csv', content: text(90) },
        { name: 'n.csv', content: text(120) },
      ]),
    )
    const of = async (range: SourceRange | null, recorded: readonly string[] | null) => {
      const source = folder.source(csvSource, { path: ['1.csv.gz', '2.csv', '3.csv.gz', '4.zip'] })
      const names = (await source.list?.(recorded))?.names ?? []
      if (range !== null) source.select?.(range)
      await source.prepare?.()
      return { source, names }
    }
    const whole = await of(null, null)
    const expected = await items(whole.source, null)
    expect(expected.all.length).toBe(155)
    await whole.source.close()
    const cutter = await of(null, null)
    const extent = (await cutter.source.extent?.()) ?? 0
    expect(await cutter.source.cut?.([9], { ...limits, most_records: 5 })).toBe(null)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: extent }), { maxLength: 5 }), async some => {
        const ends = some.toSorted((a, b) => a - b)
        const ranges = throughJson((await cutter.source.cut?.(ends, limits)) ?? [])
        expect(ranges.length).toBe(ends.length + 1)
        const all: SourceItem[] = []
        for (const range of ranges) {
          const { source } = await of(range, whole.names)
          const found = await items(source, null)
          expect(found.files).toEqual(range.files)
          const end = source.end?.() ?? { position: null, bytes: 0 }
          expect(end.bytes).toBe(range.bytes)
          expect(source.hashUpTo?.(end.position)).toBe(range.sha256)
          for (const i of [0, Math.floor(found.points.length / 2)]) {
            const point = found.points[i]
            if (point === undefined) continue
            const again = await of(range, whole.names)
            expect((await items(again.source, point)).all).toEqual(found.all.slice(i + 1))
            await again.source.close()
          }
          await source.close()
          all.push(...found.all)
        }
        // Ends of files are those of what ranges have of them.
        const alike = (each: SourceItem) => ({ ...each, position: 0, bytes: 0 })
        expect(all.map(alike)).toEqual(expected.all.map(alike))
      }),
      { numRuns: LONG ? 60 : 15 },
    )
    await cutter.source.close()
  })
})
