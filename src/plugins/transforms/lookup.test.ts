import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { leaving, refusals, schemaOf, tryOut } from '../../../test/support/try-out.ts'
import type { Json } from '../../model/row.ts'
import { lookup } from './lookup.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-lookup-'))
const file = (name: string, content: string) => writeFileSync(join(folder, name), content)
file('desks.csv', 'id,desk,floor\n7,north,1\n07,south,\n"a ""b""",east,3\n')
file('desks.tsv', 'id\tdesk\n7\tnorth\n')
file('desks.json', '[{"id": 7, "desk": "north", "tags": ["x"]}, {"id": 8, "desk": null}]')
file('twice.csv', 'id,desk\n7,a\n8,"b\nc"\n7,d\n')
file('twice.jsonl', '{"id": 7}\n\n{"id": "7"}\n')
file('empty-key.csv', 'id,desk\n,a\n')
file('broken.jsonl', '{"id": 7}\n{id: 8}\n')
file('object.json', '{"id": 7}')
file('numbers.json', '[5]')

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

test('tabs, JSON, and a JSON value that isn’t a text', async () => {
  expect(await look({ path: 'desks.tsv' }, [{ k: 7 }])).toEqual([[{ k: 7, desk: 'north' }]])
  expect(await look({ path: 'desks.json' }, [{ k: 7 }, { k: 8 }])).toEqual([
    [{ k: 7, desk: 'north', tags: ['x'] }],
    [{ k: 8, desk: null, tags: null }],
  ])
})

describe('what is wrong with a table is reported before any row', () => {
  test.each([
    [{ path: 'twice.csv' }, 'CUSTODY_PLUGIN_OPTIONS', /line 5 is on line 2/],
    [{ path: 'twice.jsonl' }, 'CUSTODY_PLUGIN_OPTIONS', /line 3 is on line 1/],
    [{ path: 'empty-key.csv' }, 'CUSTODY_PLUGIN_OPTIONS', /line 2 has no key/],
    [{ path: 'desks.csv', select: ['desc'] }, 'CUSTODY_PLUGIN_OPTIONS', /no column desc/],
    [{ path: 'desks.csv', key: { k: 'idd' } }, 'CUSTODY_PLUGIN_OPTIONS', /no column idd/],
    [{ path: 'gone.csv' }, 'CUSTODY_FILE_NOT_FOUND', /gone/],
    [{ path: 'gone.json' }, 'CUSTODY_FILE_NOT_FOUND', /gone/],
    [{ path: 'broken.jsonl' }, 'CUSTODY_SOURCE', /line 2/],
    [{ path: 'object.json' }, 'CUSTODY_SOURCE', /list/],
    [{ path: 'numbers.json' }, 'CUSTODY_SOURCE', /record 1 isn’t an object/],
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
})
