import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { leaving, refusals, schemaOf, tryOut } from '../../../test/support/try-out.ts'
import type { Json } from '../../model/row.ts'
import { decimalSchema, type FieldSchema, OBSERVED, type RowSchema } from '../../model/schema.ts'
import { performing, visitContext } from '../../sdk/testing/calling.ts'
import { lookup } from './lookup.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-lookup-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content)
file('desks.csv', 'id,desk,floor\n7,north,1\n07,south,\n"a ""b""",east,3\n')
file('desks.tsv', 'id\tdesk\n7\tnorth\n')
file('desks.json', '[{"id": 7, "desk": "north", "tags": ["x"]}, {"id": 8, "desk": null}]')
file('twice.csv', 'id,desk\n7,a\n8,"b\nc"\n7,d\n')
file('twice.jsonl', '{"id": 7}\n\n{"id": "7"}\n')
file('empty-key.csv', 'id,desk\n,a\nb,x\n')
file('ragged.csv', 'id,desk\na,x\nb\nc,"y"z\n')
file('open.csv', 'id,desk\na,"x\n')
file('desks.csv.gz', 'id,desk\na,x\n')
file('office.csv.gz', gzipSync(Buffer.from('Stand 1.1.\nStraße;rate;open\n#\nSüd;1,5;ja\nNord;-;-\n', 'latin1')))
file('broken.jsonl', '{"id": 7}\n{id: 8}\n')
file('object.json', '{"id": 7}')
file('numbers.json', '[5, {"id": 7, "desk": "x"}]')

const look = (options: { [option: string]: Json }, rows: readonly Json[]) =>
  tryOut(lookup, { key: { k: 'id' }, ...options }, rows, { folder })

test('numbers and texts that are written alike are one key', async () => {
  expect(
    await look({ path: 'desks.csv', select: ['desk'] }, [{ k: 7 }, { k: '7' }, { k: '07' }, { k: 'a "b"' }]),
  ).toEqual([
    [{ k: 7, desk: 'north' }],
    [{ k: '7', desk: 'north' }],
    [{ k: '07', desk: 'south' }],
    [{ k: 'a "b"', desk: 'east' }],
  ])
})

test('nothing matches null, a missing field, or a list', async () => {
  const rows = [{ k: null }, {}, { k: ['7'] }, { k: '__proto__' }]
  expect(await look({ path: 'desks.csv' }, rows)).toEqual(rows.map(() => 'LOOKUP_MISSING'))
  expect(await look({ path: 'desks.csv', missing: 'null' }, [{}])).toEqual([[{ desk: null, floor: null }]])
})

test('decimals are found by their amounts, also where what is known of a field is known of all others', async () => {
  file('rates.csv', 'net,rate\n1.50,a\n')
  const decimal: FieldSchema = { schema: decimalSchema(null), optional: true }
  const options = { path: 'rates.csv', key: { net: 'net' } }
  const found = (input: RowSchema) => tryOut(lookup, options, [{ net: '1.5' }], { folder, input })
  for (const input of [schemaOf({ net: decimal }), { ...OBSERVED, rest: decimal }])
    expect(await found(input)).toEqual([[{ net: '1.5', rate: 'a' }]])
  expect(await found(OBSERVED)).toEqual(['LOOKUP_MISSING'])
})

test('tabs, JSON, and a JSON value that isn’t a text', async () => {
  expect(await look({ path: 'desks.tsv' }, [{ k: 7 }])).toEqual([[{ k: 7, desk: 'north' }]])
  expect(await look({ path: 'desks.json' }, [{ k: 7 }, { k: 8 }])).toEqual([
    [{ k: 7, desk: 'north', tags: ['x'] }],
    [{ k: 8, desk: null, tags: null }],
  ])
})

describe('a record of the table that is wrong costs rows that may have meant it', () => {
  const keys = (...ids: readonly Json[]) => ids.map(k => ({ k }))
  test.each<[{ [option: string]: Json }, readonly Json[], unknown[]]>([
    [{ path: 'twice.csv' }, [7, 8, 9], ['LOOKUP_TWICE', 'b\nc', 'LOOKUP_MISSING']],
    [{ path: 'twice.jsonl', missing: 'null' }, [7, 8], ['LOOKUP_TWICE', undefined]],
    [{ path: 'empty-key.csv' }, ['a', 'b', null], ['LOOKUP_BAD_LINE', 'x', 'LOOKUP_MISSING']],
    [{ path: 'empty-key.csv', missing: 'null' }, ['a', null], ['LOOKUP_BAD_LINE', null]],
    [{ path: 'ragged.csv' }, ['a', 'b'], ['x', 'LOOKUP_BAD_LINE']],
    [{ path: 'open.csv', on_unclosed_quote: 'reject' }, ['a'], ['LOOKUP_BAD_LINE']],
    [{ path: 'broken.jsonl' }, [7, 8], [undefined, 'LOOKUP_BAD_LINE']],
    [{ path: 'numbers.json', missing: 'null', key: { k: 'id' } }, [5, 7], ['LOOKUP_BAD_LINE', 'x']],
    [{ path: 'desks.csv', types: { desk: 'integer' } }, [7], ['LOOKUP_BAD_LINE']],
  ])('%j', async (options, ids, expected) => {
    const results = await look(options, keys(...ids))
    expect(results.map(each => (Array.isArray(each) ? (each[0] as { desk?: unknown }).desk : each))).toEqual(expected)
  })

  test('says which', async () => {
    const options = lookup.options.parse({ path: 'ragged.csv', key: { k: 'id' } })
    const transform = await lookup.create(options, { node: 'test', folder, input: OBSERVED, secrets: [] })
    expect(await transform.process({ k: 'b' }, visitContext(performing))).toMatchObject({
      code: 'LOOKUP_BAD_LINE',
      field: 'k',
      message:
        'ragged.csv has nothing for k "b" among what can be read of it; what can’t is line 3 (CSV_RAGGED: the record has 1 cell, but there are 2 columns) and 1 more',
    })
  })
})

test('a table is read with the options of a CSV source', async () => {
  const options = {
    path: 'office.csv.gz',
    encoding: 'windows-1252',
    delimiter: ';',
    skip_lines: 1,
    comment: '#',
    decimal: ',',
    null_values: ['-'],
    true_values: ['ja'],
    key: { k: 'Straße' },
    types: { rate: 'number', open: 'boolean' },
  }
  expect(await look(options, [{ k: 'Süd' }, { k: 'Nord' }])).toEqual([
    [{ k: 'Süd', rate: 1.5, open: true }],
    [{ k: 'Nord', rate: null, open: null }],
  ])
  expect(
    await look({ path: 'desks.csv', header: false, key: { k: 'column_1' }, select: ['column_2'] }, [{ k: 7 }]),
  ).toEqual([[{ k: 7, column_2: 'north' }]])
})

describe('what is wrong with a table is reported before any row', () => {
  test.each([
    [{ path: 'desks.csv', select: ['desc'] }, 'CUSTODY_PLUGIN_OPTIONS', /no column desc/],
    [{ path: 'desks.csv', key: { k: 'idd' } }, 'CUSTODY_PLUGIN_OPTIONS', /no column idd/],
    [{ path: 'gone.csv' }, 'CUSTODY_FILE_NOT_FOUND', /gone/],
    [{ path: 'gone.json' }, 'CUSTODY_FILE_NOT_FOUND', /gone/],
    [{ path: 'object.json' }, 'CUSTODY_SOURCE', /list/],
    [{ path: 'desks.csv.gz' }, 'CUSTODY_SOURCE', /gzip/],
    [{ path: 'desks.csv', delimiter: ';', key: { k: 'id' }, select: ['desk'] }, 'CUSTODY_SOURCE', /none of the fields/],
    [{ path: 'open.csv' }, 'CUSTODY_UNCLOSED_QUOTE', /line 2/],
    [{ path: 'desks.csv', date_format: { day: 'yyyyMMdd' } }, 'CUSTODY_SOURCE', /no field day/],
  ])('%j', async (options, code, message) => {
    const error = await look(options, []).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
  })

  test('a column that the rows have, where no columns are named', async () => {
    const input = schemaOf({ k: 'integer', desk: 'integer' })
    const made = tryOut(lookup, { path: 'desks.csv', key: { k: 'id' } }, [], { folder, input })
    await expect(made).rejects.toMatchObject({ code: 'CUSTODY_PLUGIN_OPTIONS' })
  })
})

test('what is known of the columns', () => {
  const input = schemaOf({ k: 'integer' })
  const options = { path: 'desks.csv', key: { k: 'id' } }
  expect(leaving(lookup, { ...options, select: { desk: 'room' } }, input)).toEqual({
    fields: { k: 'integer', room: 'string?' },
    closed: true,
  })
  expect(leaving(lookup, options, input)).toEqual({ fields: { k: 'integer' }, closed: false })
  expect(refusals(lookup, { ...options, select: { a: 'x', b: 'x' } })).toHaveLength(1)
  expect(refusals(lookup, { path: 'desks.csv', key: {} })).toHaveLength(1)
  expect(refusals(lookup, { ...options, decimal: ',', thousands: ',' })).toHaveLength(1)
  expect(refusals(lookup, { path: 'x.json', key: { k: 'id' }, comment: '#', types: { a: 'number' } })).toHaveLength(2)
  const typed = { ...options, select: ['desk'], types: { desk: 'number' } }
  expect(leaving(lookup, typed, input)).toMatchObject({ fields: { desk: 'number?' } })
})

test('a type of a column that the table hasn’t is refused', async () => {
  await expect(look({ path: 'desks.csv', types: { dsk: 'integer' } }, [{ k: 7 }])).rejects.toMatchObject({
    code: 'CUSTODY_PLUGIN_OPTIONS',
    hint: expect.stringContaining('Did you mean desk?'),
  })
})
