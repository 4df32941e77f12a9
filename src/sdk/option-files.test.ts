import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { filesIn, putFiles } from './option-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-option-files-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content)
write('a.liquid', 'Hello {{ name }}\n')
write('b.json', '{"x": [1, 2]}')
write('c.yaml', '- one\n- two\n')
write('twice.json', '{"x": 1, "x": 2}')
write('nan.yml', 'x: .nan\n')
write('latin.txt', new Uint8Array([0x66, 0xfc, 0x72]))
write('large.txt', 'x'.repeat(1024 * 1024 + 1))
mkdirSync(join(folder, 'dir'))
const read = filesIn(folder)

test.each([
  ['a.liquid', 'Hello {{ name }}\n'],
  ['b.json', { x: [1, 2] }],
  ['c.yaml', ['one', 'two']],
])('%s holds %j', (path, content) => expect(read(path)).toMatchObject({ ok: true, content }))

test.each([
  ['gone.txt', 'CUSTODY_FILE_NOT_FOUND', /gone.txt doesn’t exist/],
  ['twice.json', 'CUSTODY_FILE_UNREADABLE', /twice.json can’t be read: .*"x"/],
  ['nan.yml', 'CUSTODY_FILE_UNREADABLE', /nan.yml can’t be read/],
  ['latin.txt', 'CUSTODY_FILE_UNREADABLE', /latin.txt can’t be read/],
  ['large.txt', 'CUSTODY_FILE_UNREADABLE', /larger than 1 MiB/],
  ['dir', 'CUSTODY_FILE_UNREADABLE', /dir can’t be read/],
])('%s can’t be had', (path, code, problem) =>
  expect(read(path)).toEqual({ ok: false, code, problem: expect.stringMatching(problem) }),
)

test('files are put where a plugin says that they may stand, and nowhere else', () => {
  const options = {
    prompt: { file: 'a.liquid' },
    other: { file: 'a.liquid' },
    queries: { one: { prompt: { file: 'a.liquid' }, field: { file: 'x' } }, two: { prompt: 'text' } },
    values: { list: { file: 'c.yaml' }, plain: { file: 'c.yaml', more: 1 }, number: { file: 5 } },
  }
  const { options: put, found } = putFiles(options, [['prompt'], ['queries', '*', 'prompt'], ['values', '*']], read)
  expect(put).toEqual({
    prompt: 'Hello {{ name }}\n',
    other: { file: 'a.liquid' },
    queries: { one: { prompt: 'Hello {{ name }}\n', field: { file: 'x' } }, two: { prompt: 'text' } },
    values: { list: ['one', 'two'], plain: { file: 'c.yaml', more: 1 }, number: { file: 5 } },
  })
  expect(found.map(({ path }) => path.join('.'))).toEqual(['prompt', 'queries.one.prompt', 'values.list'])
})

test('what a file holds isn’t looked through for more files; one that can’t be read stays as it is', () => {
  write('nested.json', '{"a": {"file": "a.liquid"}}')
  expect(putFiles({ v: { file: 'nested.json' } }, [['v'], ['v', '*']], read).options).toEqual({
    v: { a: { file: 'a.liquid' } },
  })
  expect(putFiles({ v: { file: 'gone' } }, [['v']], read).options).toEqual({ v: { file: 'gone' } })
})
