import { expect, test } from 'vitest'
import { tryOut } from '../../../test/support/try-out.ts'
import { visitContext } from '../../sdk/testing/calling.ts'
import { keywordFilter } from './keyword-filter.ts'

test('an error names field and pattern, not what was found', async () => {
  const options = keywordFilter.options.parse({ fields: ['note'], patterns: ['x', 'pass\\w+'] })
  const transform = await keywordFilter.create(options, {
    node: 'screen',
    folder: '/',
    input: { fields: new Map(), closed: false, observed: true },
    secrets: [],
  })
  expect(transform.process({ note: 'my password' }, visitContext())).toEqual({
    kind: 'error',
    code: 'KEYWORD_FOUND',
    message: 'note matches pass\\w+',
    retryable: false,
    field: 'note',
    details: { field: 'note', pattern: 'pass\\w+' },
  })
})

test('other fields aren’t searched, nor the names of fields within', async () => {
  const rows = [{ other: 'password', note: 'x' }, { note: { password: 'x' } }, { note: [['password']] }]
  const results = await tryOut(keywordFilter, { fields: ['note'], patterns: ['password'] }, rows)
  expect(results.map(result => typeof result)).toEqual(['object', 'object', 'string'])
})

test('a pattern that backtracking would choke on', async () => {
  const note = `${'a'.repeat(50_000)}!`
  expect(await tryOut(keywordFilter, { fields: ['note'], patterns: ['^(a+)+$'] }, [{ note }])).toEqual([[{ note }]])
})

test('a bad pattern is refused when the node is made', async () => {
  await expect(tryOut(keywordFilter, { fields: ['a'], patterns: ['('] }, [])).rejects.toMatchObject({
    code: 'CUSTODY_PATTERN',
  })
})
