import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { OBSERVED } from '../model/schema.ts'
import { compileExpression } from './expression.ts'

const VALUE = 'a-key-that-nobody-may-see'
const secrets = new Map([['key', VALUE]])
const compiled = (source: string) => compileExpression(source, { over: 'row', schema: OBSERVED, secrets })
const row = { mail: 'ada@example.org' }

test('a function that takes a secret gets its value', () => {
  const found = compiled('hash.hmacSha256(row.mail, secrets.key)')
  if (!found.ok) throw new Error(found.problems[0]?.message)
  const value = createHmac('sha256', VALUE).update(row.mail).digest('hex')
  expect(found.expression.evaluate(row)).toEqual({ ok: true, value })
  expect(found.expression.gives).toEqual({ schema: { type: 'string' }, optional: false })
  expect(found.expression.reads).toEqual([['mail']])
})

describe('nothing else shows one', () => {
  test.each([
    'secrets.key',
    'string(secrets.key)',
    'secrets.key + "x"',
    'secrets.key == "a"',
    'secrets.key == secrets.key',
    'secrets.key == row.mail',
    'secrets.key in [row.mail]',
    'secrets.key.size()',
    'hash.sha256(secrets.key)',
    'secrets',
    'secrets["key"]',
    'secrets.kei',
  ])('%s is a problem before the run', source => {
    const found = compiled(source)
    expect(found.ok).toBe(false)
    expect(JSON.stringify(found)).not.toContain(VALUE)
  })

  test.each([
    '[secrets.key]',
    '{"a": secrets.key}',
    'dyn(secrets.key)',
    'string(dyn(secrets.key))',
    'dyn(secrets.key) + "x"',
    'hash.sha256(dyn(secrets.key))',
    'json.format([secrets.key])',
    'hash.hmacSha256(row.missing, secrets.key)',
    'hash.hmacSha256(row.mail, row.mail)',
  ])('%s fails without it', source => {
    const found = compiled(source)
    const result = found.ok ? found.expression.evaluate(row) : found
    expect(result.ok).toBe(false)
    expect(JSON.stringify(result)).not.toContain(VALUE)
  })

  test.each(['"%s".format([secrets.key])', '[secrets.key].distinct().size()', 'dyn(secrets.key) == "x"'])(
    '%s is about something else',
    source => {
      const found = compiled(source)
      if (!found.ok) throw new Error(found.problems[0]?.message)
      const result = found.expression.evaluate(row)
      expect(result.ok).toBe(true)
      expect(JSON.stringify(result)).not.toContain(VALUE)
    },
  )
})

test('where there are none, `secrets` is no name', () => {
  const found = compileExpression('hash.hmacSha256("a", secrets.key)', { over: 'row', schema: OBSERVED })
  expect(found).toMatchObject({
    ok: false,
    problems: [{ hint: expect.stringContaining('option `secrets` of compute') }],
  })
})

test('a text as a key gets a hint how to name a secret', () => {
  expect(compiled('hash.hmacSha256(row.mail, "k")')).toMatchObject({
    ok: false,
    problems: [{ hint: expect.stringContaining('`secrets: { key: { secret: NAME } }`') }],
  })
})
