import { expect, test } from 'vitest'
import { leaving, refusals, schemaOf, tryOut } from '../../../test/support/try-out.ts'
import { fieldMapper } from './field-mapper.ts'

const input = schemaOf({ id: 'integer', nm: 'string', note: 'string?' })

test('fields keep their order, and names can be swapped', async () => {
  const [rows] = await tryOut(fieldMapper, { rename: { a: 'b', b: 'a' } }, [{ a: 1, x: 0, b: 2 }])
  expect(JSON.stringify(rows)).toBe('[{"b":1,"x":0,"a":2}]')
})

test('a new name may be that of a field that goes', async () => {
  expect(await tryOut(fieldMapper, { rename: { a: 'b' }, drop: ['b'] }, [{ a: 1, b: 2 }])).toEqual([[{ b: 1 }]])
  expect(await tryOut(fieldMapper, { rename: { a: 'b' }, select: ['a'] }, [{ a: 1, b: 2 }])).toEqual([[{ b: 1 }]])
})

test('select keeps what is renamed, by either name', async () => {
  const row = { id: 1, nm: 'Ada', note: 'x' }
  for (const select of [
    ['nm', 'id'],
    ['name', 'id'],
  ]) {
    const [rows] = await tryOut(fieldMapper, { rename: { nm: 'name' }, select }, [row])
    expect(JSON.stringify(rows)).toBe('[{"name":"Ada","id":1}]')
  }
  expect(await tryOut(fieldMapper, { rename: { nm: 'name' }, select: ['id'] }, [row])).toEqual([
    [{ id: 1, name: 'Ada' }],
  ])
})

test('a declared optional field may be missing; others may not', async () => {
  const options = { rename: { note: 'remark' } }
  expect(await tryOut(fieldMapper, options, [{ id: 1, nm: 'x' }], { input })).toEqual([[{ id: 1, nm: 'x' }]])
  expect(await tryOut(fieldMapper, options, [{ id: 1 }])).toEqual(['FIELD_MISSING'])
})

test('what is known goes with the fields', () => {
  expect(leaving(fieldMapper, { rename: { nm: 'name' }, drop: ['id'] }, input)).toEqual({
    fields: { name: 'string', note: 'string?' },
    closed: true,
  })
  expect(leaving(fieldMapper, { select: ['note', 'id'] }, { ...input, closed: false })).toEqual({
    fields: { note: 'string?', id: 'integer' },
    closed: true,
  })
})

test('fields that are renamed or selected are needed, those that are dropped are only known by name', () => {
  const named = (options: object) => fieldMapper.requires?.(fieldMapper.options.parse(options), [])
  expect(named({ rename: { nm: 'name' }, drop: ['note'] })).toEqual([
    { field: 'nm', path: ['rename', 'nm'] },
    { field: 'note', optional: true, path: ['drop', 0] },
  ])
  expect(named({ rename: { nm: 'name' }, select: ['name', 'id'] })).toEqual([
    { field: 'nm', path: ['rename', 'nm'] },
    { field: 'id', path: ['select', 1] },
  ])
})

test.each([
  [{}, 'say what'],
  [{ rename: { a: 'c', b: 'c' } }, 'two fields'],
  [{ rename: { a: 'c' }, drop: ['a'] }, 'renamed and dropped'],
  [{ select: ['a'], drop: ['b'] }, 'together'],
  [{ rename: { a: '' } }, 'name'],
  [{ keep: ['a'] }, 'keep'],
])('%j is refused', (options, message) => expect(refusals(fieldMapper, options).join()).toContain(message))
