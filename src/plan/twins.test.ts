/** A coalesce gets one row of each branch: pipelines in which it could get two are refused, and no others. */
import { expect, test } from 'vitest'
import { compileText } from '../../test/support/compile-text.ts'
import { builtins } from '../plugins/index.ts'
import { Catalogue } from '../sdk/catalogue.ts'

/** Within branch `left` of `outer`, `inner` makes `a`, `b`, `c`; all that is joined comes to `joined`. */
const refusals = (nodes: string) => {
  const text = `name: twins
defaults: { on_error: problems, on_invalid: discard }
sources:
  rows: { plugin: jsonl, options: { path: in.jsonl }, to: outer }
nodes:
  outer: { fork: { left: inner, right: joined } }
${nodes
  .trim()
  .split('\n')
  .map(line => `  ${line.trim()}`)
  .join('\n')}
  joined: { coalesce: [left, right], policy: best_effort, timeout: 1h, to: all }
sinks:
  all: { plugin: jsonl, options: { path: out.jsonl } }
  problems: { plugin: jsonl, options: { path: problems.jsonl }, on_error: discard }
`
  const { diagnostics } = compileText(text, { catalogue: new Catalogue(builtins) })
  return diagnostics.filter(each => each.severity === 'error').map(({ code, message }) => `${code} ${message}`)
}
const twice = (one: string, other: string) => [
  `CUSTODY_BRANCH_TWICE ${one} and ${other}, which \`inner\` made of one row, can both come to \`joined\``,
]

test('two branches', () => {
  expect(refusals('inner: { fork: { a: joined, b: joined } }')).toEqual(twice('`a`', '`b`'))
})

test('a branch, and others joined', () => {
  expect(
    refusals(`inner: { fork: { a: ab, b: ab, c: joined } }
      ab: { coalesce: [a, b], to: joined }`),
  ).toEqual(twice('`c`', 'what `ab` joins'))
})

test('two coalesces of one fork', () => {
  expect(
    refusals(`inner: { fork: { a: ab, b: ab, c: cd, d: cd } }
      ab: { coalesce: [a, b], to: joined }
      cd: { coalesce: [c, d], to: mark }
      mark: { transform: compute, options: { set: { cd: 'true' } }, to: joined }`),
  ).toEqual(twice('what `ab` joins', 'what `cd` joins'))
})

const AFTER_AN_ERROR = (policy: string) => `inner: { fork: { a: risky, b: ab } }
  risky: { transform: compute, options: { set: { x: 1 / row.n } }, to: ab, on_error: repair }
  repair: { transform: passthrough, to: joined }
  ab: { coalesce: [a, b], ${policy}, to: joined }`

test('a branch after an error, and what is joined without it', () => {
  const found = twice('`a`', 'what `ab` joins')
  expect(refusals(AFTER_AN_ERROR('policy: best_effort, timeout: 1h'))).toEqual(found)
  expect(refusals(AFTER_AN_ERROR('policy: first'))).toEqual(found)
})

test('a branch after an error, and what is never joined without it', () => {
  expect(refusals(AFTER_AN_ERROR('policy: require_all'))).toEqual([])
  expect(refusals(AFTER_AN_ERROR('policy: quorum, quorum: 2'))).toEqual([])
})

test('all is joined before, or nothing of it comes', () => {
  expect(
    refusals(`inner: { fork: { a: ab, b: ab, c: all } }
      ab: { coalesce: [a, b], to: joined }`),
  ).toEqual([])
  expect(
    refusals(`inner: { fork: { a: ab, b: ab, c: joined } }
      ab: { coalesce: [a, b], to: sum }
      sum: { aggregate: batch_stats, options: { value: n }, to: all }`),
  ).toEqual([])
})
