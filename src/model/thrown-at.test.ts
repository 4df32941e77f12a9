import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ownFile } from './own-file.ts'
import { thrownAt } from './thrown-at.ts'

function thrown(...frames: readonly string[]): Error {
  const error = new Error('as if\n    at nothing (/not/a/frame.ts)')
  error.stack = ['Error: as if', ...frames.map(each => `    at ${each}`)].join('\n')
  return error
}

const OWN = fileURLToPath(ownFile('engine/nodes/plugin-call.ts'))

test('the first frame of the plugin counts, whatever it is called', () => {
  const call = `guarded (file://${OWN}:10:5)`
  const frames = ['process (/my plug (1)/a.ts:3:7)', 'Object.process (file:///my%20plug/b.ts:9:1)', call]
  expect(thrownAt(thrown(...frames))).toEqual({ file: '/my plug (1)/a.ts', line: 3, column: 7 })
  for (const frame of ['Object.process (file:///p/b.ts?v=2:9:1)', 'async file:///p/b.ts:9:1', '/p/b.ts:9:1'])
    expect(thrownAt(thrown('JSON.parse (<anonymous>)', frame, call))).toEqual({ file: '/p/b.ts', line: 9, column: 1 })
  expect(thrownAt(thrown(String.raw`process (C:\p\b.ts:9:1)`))).toEqual({
    file: String.raw`C:\p\b.ts`,
    line: 9,
    column: 1,
  })
})

test('what its libraries do within is left out, but for a package that is the plugin', () => {
  const library = 'parse (file:///p/node_modules/zod/v4/core.js:80:1)'
  const own = 'process (file:///p/b.ts:9:1)'
  expect(thrownAt(thrown(library, own))?.file).toBe('/p/b.ts')
  const packaged = 'process (file:///p/node_modules/@me/plugins/dist/b.js:9:1)'
  expect(thrownAt(thrown(library, packaged))?.file).toBe('/p/node_modules/@me/plugins/dist/b.js')
  expect(thrownAt(thrown(library))?.file).toBe('/p/node_modules/zod/v4/core.js')
})

test('Custody’s own files and Node’s are nobody’s plugin, and what has no stack has no place', () => {
  expect(thrownAt(thrown(`guarded (${OWN}:10:5)`, 'node:internal/process/task_queues:104:5'))).toBe(null)
  const hostile = Object.defineProperty(new Error('x'), 'stack', {
    get: () => {
      throw new Error('no')
    },
  })
  for (const each of ['text', null, undefined, { stack: 'at /x.ts:1:1' }, hostile]) expect(thrownAt(each)).toBe(null)
})

test('a file that can’t be parsed is named above the message', () => {
  const error = new SyntaxError('Unexpected token')
  error.stack =
    '/p/b.ts:2\nconst a = 1\nconst b: = 2\n         ^\n\nSyntaxError: Unexpected token\n    at x (node:internal:1:1)'
  expect(thrownAt(error)).toEqual({ file: '/p/b.ts', line: 2, column: 10 })
})
