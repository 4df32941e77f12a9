/** What one run writes another one reads, and it is the same; and files as large as nobody wants them. */
import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { type DataCase, tryData } from '../support/try-data.ts'

const rowsOf = (...rows: readonly unknown[]) => rows.map(row => `${JSON.stringify(row)}\n`).join('')

describe('CSV', () => {
  const back = async (rows: readonly unknown[], read: Omit<DataCase, 'input'>) => {
    const { text, errors } = await tryData({ source: 'jsonl', input: rowsOf(...rows), sink: 'csv' })
    expect(errors).toEqual([])
    return tryData({ input: text, ...read })
  }

  test('values of all types, with a schema that says which', async () => {
    const rows = [
      { s: 'x', i: 1, n: 1.5, b: true, a: [1, '"'], o: { k: 'v,\n' }, z: null },
      { s: '', i: 9007199254740991, n: 1e21, b: false, a: [], o: {}, z: '' },
      { s: 'null', i: 0, n: 1e-7, b: true, a: [null], o: { '': null }, z: 'NULL' },
    ]
    const fields = { s: 'string', i: 'integer', n: 'number', b: 'boolean', a: 'array', o: 'object', z: 'string?' }
    const result = await back(rows, { schema: { mode: 'fixed', fields } })
    expect(result).toMatchObject({ exit: 0, rejected: [] })
    expect(result.rows).toEqual(rows)
  })

  test('headers of all kinds, as they are', async () => {
    const rows = [{ '\ufeffid': '1', 'a,b': '2', 'c"d': '3', 'e\nf': '4', '': '5', ' g ': '6', 'sep=;': '7' }]
    expect((await back(rows, { options: { normalise: false } })).rows).toEqual(rows)
  })

  test('names that objects inherit', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'a.b', '😀']
    const rows = [JSON.parse(`{${names.map((name, n) => `"${name}":"${n}"`).join(',')}}`) as unknown]
    expect((await back(rows, { options: { normalise: false } })).rows).toEqual(rows)
  })

  test('headers that were normalised, in the words of the source', async () => {
    const text = 'Loan Amount (€),loan_amount,Ünit,2010,x,x\n1,2,3,4,5,6\n'
    const result = await tryData({ input: text, sink: 'csv', sink_options: { headers: 'original' } })
    expect(result.text).toBe(text)
  })

  test('one column, with nothing, an empty text and a blank', async () => {
    const rows = [{ a: 'x' }, { a: null }, { a: '' }, { a: ' ' }]
    expect((await back(rows, {})).rows).toEqual(rows)
  })
})

describe('is read', () => {
  test.each<[string, DataCase, readonly unknown[]]>([
    [
      'a field of the schema that only some rows have, with the name of what objects inherit',
      {
        source: 'jsonl',
        input: '{"id":1}\n{"id":2,"constructor":3}\n',
        schema: { mode: 'fixed', fields: { id: 'integer', constructor: 'integer?' } },
      },
      [{ id: 1 }, { id: 2, constructor: 3 }],
    ],
    [
      'blanks that don’t break, and marks of no width',
      { input: 'a\u00a0,\u200bb,\ufeffc\n1,2,3\n' },
      [{ a: '1', b: '2', c: '3' }],
    ],
    [
      'stray quotes, where each costs its line',
      { input: 'id,note\n1,"5 inch\n2,plain\n3,a "quoted" word\n4,ok\n', options: { recover: 'line' } },
      [
        { id: '2', note: 'plain' },
        { id: '4', note: 'ok' },
      ],
    ],
  ])('%s', async (_what, given, rows) => {
    const result = await tryData(given)
    expect(result).toMatchObject({ exit: 0, errors: [] })
    expect(result.rows).toEqual(rows)
  })

  test('20,000 columns', async () => {
    const names = Array.from({ length: 20_000 }, (_, n) => `c${n}`)
    const { exit, rows } = await tryData({ input: `${names.join(',')}\n${names.map((_, n) => n).join(',')}\n` })
    expect(exit).toBe(0)
    expect(rows).toEqual([Object.fromEntries(names.map((name, n) => [name, String(n)]))])
  })

  test('a cell too long to be held, which costs its record', { tags: ['proof'] }, async () => {
    const long = `2,"${'x'.repeat(17 * 1024 * 1024)}"`
    const result = await tryData({ input: `id,v\n1,a\n${long}\n3,b\n` })
    expect(result.rows).toEqual([
      { id: '1', v: 'a' },
      { id: '3', v: 'b' },
    ])
    expect(result.rejected.map(([code, line]) => [code, line])).toEqual([['RECORD_TOO_LONG', 3]])
  })

  test.skipIf(process.platform === 'win32')('a named pipe', async () => {
    const prepare = (folder: string) => {
      spawnSync('mkfifo', [`${folder}/pipe`])
      spawnSync('sh', ['-c', `printf 'a\\n1\\n2\\n' > '${folder}/pipe' &`], { stdio: 'ignore' })
    }
    const result = await tryData({ options: { path: 'pipe' }, prepare })
    expect(result).toMatchObject({ exit: 0, rows: [{ a: '1' }, { a: '2' }] })
  })
})

test('an option that does nothing is refused before anything is written', async () => {
  const options = { delimiter: ';', decimal: ',' }
  const result = await tryData({ input: 'a;b\n1,5;x\n', options })
  expect(result).toMatchObject({ exit: 2, code: 'PLUGIN_OPTIONS', text: '' })
  expect(result.message).toMatch(/decimal is about fields that are declared as numbers.*fields: \{ NAME: number \}/)
})
