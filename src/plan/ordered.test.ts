/** Transforms that take their rows in order. */
import { expect, test } from 'vitest'
import { compileText } from '../../test/support/compile-text.ts'

const compiled = (more = '') =>
  compileText(`
name: first
retry: { attempts: 5 }
sources:
  in: { plugin: csv, options: { path: in.csv }, on_invalid: discard, to: other }
nodes:
  other: { transform: passthrough, on_error: discard, to: first }
  first: { transform: limit, options: { rows: 2 }, on_error: discard, to: out${more} }
sinks:
  out: { plugin: csv, options: { path: out.csv }, on_error: discard }
`)

test('the topology says which they are', () => {
  const ordered = compiled().plan?.topology.nodes.map(each => each.ordered)
  expect(ordered).toEqual([undefined, undefined, true, undefined])
})

test('they try nothing again, whatever the pipeline says', () => {
  const nodes = compiled().plan?.nodes ?? []
  expect(nodes.map(each => (each.kind === 'transform' ? each.retry.attempts : null))).toEqual([null, 5, 1, null])
})

test('a retry of their own is refused', () => {
  expect(compiled(', retry: { attempts: 1 }').diagnostics).toMatchObject([
    { code: 'CUSTODY_BAD_VALUE', line: 8, hint: 'Remove `retry` here.' },
  ])
})
