/**
 * What a correct writer put inside quotes is never read as a record, whatever else is wrong with the file: whoever fills a cell
 * can't make rows.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCsv as read } from '../../../test/support/csv-pieces.ts'

describe('where a broken record ends', () => {
  const row = (id: string, note: string | null) => ({ id, note })
  test.each<[string, string, unknown[]]>([
    [
      'a blank behind a closing quote',
      '1,"dear\n9,ab\nend" \n2,ok\n',
      [
        [2, 'CSV_QUOTE', '1,"dear\n9,ab\nend" '],
        [5, row('2', 'ok')],
      ],
    ],
    [
      'letters behind a closing quote',
      '1,"dear\n9,ab\nend"x,y\n2,ok\n',
      [
        [2, 'CSV_QUOTE', '1,"dear\n9,ab\nend"x,y'],
        [5, row('2', 'ok')],
      ],
    ],
    [
      'a quote that isn’t doubled',
      '1,"say "hi" now"\n2,ok\n',
      [
        [2, 'CSV_QUOTE', '1,"say "hi" now"'],
        [3, row('2', 'ok')],
      ],
    ],
    [
      'one that isn’t doubled, over two lines',
      '1,"A "B"\nA"\n2,ok\n',
      [
        [2, 'CSV_QUOTE', '1,"A "B"\nA"'],
        [4, row('2', 'ok')],
      ],
    ],
    [
      'a quote in a cell without quotes, and a quoted cell behind it',
      '1 "inch,"dear\n9,ab\nend"\n2,ok\n',
      [
        [2, 'CSV_QUOTE', '1 "inch,"dear\n9,ab\nend"'],
        [5, row('2', 'ok')],
      ],
    ],
    [
      'too many cells, one of them over lines',
      '1,"dear\n9,ab\nend",x\n2,ok\n',
      [
        [2, 'CSV_RAGGED', '1,"dear\n9,ab\nend",x'],
        [5, row('2', 'ok')],
      ],
    ],
    [
      'a NUL inside of quotes',
      '1,"de\0ar\n9,ab"\n2,ok\n',
      [
        [2, 'CSV_NUL', '1,"de\0ar\n9,ab"'],
        [4, row('2', 'ok')],
      ],
    ],
    [
      'a quote at the beginning of one cell, and another one at the beginning of a later line',
      '1,"5 inch\n2,plain\n3,"6 inch"\n4,ok\n',
      [[2, 'CSV_QUOTE', '1,"5 inch\n2,plain\n3,"6 inch"\n4,ok\n'], 'never'],
    ],
  ])('%s', async (name, body, records) => {
    const expected = records.includes('never') ? ['CUSTODY_UNCLOSED_QUOTE'] : records
    for (const line_break of ['\n', '\r\n', '\r']) {
      const broken = (text: string) => text.replaceAll('\n', line_break)
      const found = await read(broken(`id,note\n${body}`))
      expect(found, name).toEqual(
        JSON.parse(JSON.stringify(expected), (_key, each) => (typeof each === 'string' ? broken(each) : each)),
      )
    }
  })
})

describe('a quote that is never closed', () => {
  const TEXT = 'a,b\n1,2\n3,"open\n5,6\n7,8'

  test('stops the reading, behind what came before it', async () => {
    for (const pieces of [1, 3, 100])
      expect(await read(TEXT, { pieces })).toEqual([[2, { a: '1', b: '2' }], 'CUSTODY_UNCLOSED_QUOTE'])
  })

  test('or all that is left is one rejected record', async () => {
    for (const pieces of [1, 3, 100])
      expect(await read(TEXT, { pieces, options: { on_unclosed_quote: 'reject' } })).toEqual([
        [2, { a: '1', b: '2' }],
        [3, 'CSV_UNTERMINATED', '3,"open\n5,6\n7,8'],
      ])
    const long = `a,b\n3,"${'x\n'.repeat(100)}`
    expect(await read(long, { max_units: 20, options: { on_unclosed_quote: 'reject' } })).toEqual([
      [2, 'CSV_UNTERMINATED', '3,"x\nx\nx\nx\nx\nx\nx\nx\nx… [cut]'],
    ])
  })

  test('or it costs its line, where that was asked for', async () => {
    for (const pieces of [1, 3, 100])
      expect(await read(TEXT, { pieces, options: { recover: 'line' } })).toEqual([
        [2, { a: '1', b: '2' }],
        [3, 'CSV_UNTERMINATED', '3,"open'],
        [4, { a: '5', b: '6' }],
        [5, { a: '7', b: '8' }],
      ])
  })
})

describe('a record longer than the limit', () => {
  test.each<[string, string, number]>([
    ['without quotes', '1,xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', 1],
    ['with lines inside of its quotes', `1,"${'9,forged\n'.repeat(6)}"`, 7],
    ['with a cell in quotes behind the limit', `1,x,"${'y'.repeat(40)}\n9,forged\n",z`, 3],
    ['and broken', `1,"${'9,forged\n'.repeat(6)}" x "\n9,forged"`, 8],
  ])('%s is one rejected record, and is never held', async (_name, long, lines) => {
    for (const line_break of ['\n', '\r\n'])
      for (const pieces of [1, 2, 7, 1000]) {
        const text = `a,b\n1,2\n${long}\n3,4\n`.replaceAll('\n', line_break)
        const found = await read(text, { pieces, max_units: 30 })
        expect(found).toEqual([
          [2, { a: '1', b: '2' }],
          [3, 'RECORD_TOO_LONG', `${long.replaceAll('\n', line_break).slice(0, 30)}… [cut]`],
          [3 + lines, { a: '3', b: '4' }],
        ])
      }
  })

  test('is one that is longer, not one that is as long', async () => {
    const exactly = `1,"${'x\n'.repeat(13)}"`
    for (const pieces of [1, 5, 1000]) {
      const read_with = (max_units: number) => read(`a,b\n${exactly}\r\n`, { pieces, max_units })
      expect(await read_with(30)).toEqual([[2, { a: '1', b: 'x\n'.repeat(13) }]])
      expect(await read_with(29)).toEqual([[2, 'RECORD_TOO_LONG', `${exactly.slice(0, 29)}… [cut]`]])
    }
  })
})

// ── any table, any damage ───────────────────────────────────────────────────────────────────────────────────────────

/** Stands in all cells' quotes and nowhere else: what is read of it as a record of its own was made from inside of quotes. */
const FORGED = 'forged'
const piece = fc.constantFrom('a', ',', '""', '\n', '\r\n', '\r', ' ', 'é', `\n${FORGED},x\n`, `\n1,${FORGED}\n`, '🙂')
/** A cell as a correct writer writes it when it must quote. */
const quoted = fc.array(piece, { maxLength: 8 }).map(pieces => `"${pieces.join('')}"`)
const plain = fc.constantFrom('', '1', 'word', 'two words', 'ß')
const line = fc.tuple(fc.oneof(quoted, plain), fc.oneof(quoted, plain))

/** What becomes of one record: something that leaves its quotes as they are. */
const damage = fc.constantFrom<(cells: readonly string[]) => string>(
  cells => cells.join(','),
  cells => `${cells.join(',')} `,
  cells => `${cells.join(' ,')}`,
  cells => `${cells.join('x,')}x`,
  cells => cells.join(',,'),
  cells => `${cells.join(',')},more`,
  cells => `${cells[0]}`,
  cells => `w"o,${cells.join(',')}`,
  cells => `w""o,${cells.join(',')},"`.replace(/,"$/, ''),
  cells => cells.join(',').replace('a', '\0'),
  cells => cells.join(',').replaceAll('a', 'a'.repeat(60)),
)
const table = fc.array(fc.tuple(line, damage), { minLength: 1, maxLength: 8 })

const textOf = (rows: ReadonlyArray<readonly [readonly string[], (cells: readonly string[]) => string]>) =>
  `p,q\n${rows.map(([cells, spoilt]) => spoilt(cells)).join('\n')}\n`

/** Whether a record begins where `FORGED` stands inside of some cell. */
const isForged = (record: unknown): boolean => {
  const [, second, raw] = record as readonly [number, unknown, string?]
  if (typeof second === 'string') return raw?.startsWith(FORGED) === true || raw?.startsWith(`1,${FORGED}`) === true
  const { p, q } = second as { readonly p: string | null; readonly q: string | null }
  return p === FORGED || (p === '1' && q === FORGED)
}

describe('any table of a correct writer, whatever happens to single records', () => {
  test('no text from inside of quotes becomes a record, whatever the limit', async () => {
    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 5, max: 200 }), async (rows, max_units) => {
        const text = textOf(rows)
        const found = await read(text, { max_units })
        expect(found.filter(each => typeof each !== 'string' && isForged(each))).toEqual([])
        // A record each; blank ones are none.
        expect(found).toHaveLength(rows.filter(([cells, spoilt]) => spoilt(cells) !== '').length)
      }),
      { numRuns: 300 },
    )
  })

  test('and where a window ends makes no difference, even where quotes are damaged', async () => {
    const anything = fc.array(fc.constantFrom('"', '""', ',', '\n', '\r', 'a', 'é', '"\n', ',"'), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(
        anything.map(pieces => `p,q\n${pieces.join('')}`),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom({}, { on_unclosed_quote: 'reject' }, { recover: 'line' }),
        async (text, pieces, max_units, options) => {
          expect(await read(text, { pieces, max_units, options })).toEqual(await read(text, { max_units, options }))
        },
      ),
      { numRuns: 300 },
    )
  })
})
