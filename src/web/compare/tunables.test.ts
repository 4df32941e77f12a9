/** What of a pipeline file can be tried otherwise, and which numbers stand in an expression. */
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { thresholdsIn, tunablesOf, withThreshold } from './tunables.ts'

const FILE = `
nodes:
  screen: { transform: keyword_filter, options: { fields: [note], patterns: ['[a-z]', secret] }, on_error: problems, to: ask }
  ask: { transform: llm, options: { model: any, base_url: 'http://here', prompt: { file: p.liquid }, temperature: 0 }, to: size }
  size: { cases: [{ when: row.amount < 1000, to: small }, { else: large }] }
  tier: { gate: row.amount >= 5000, routes: { true: a, false: b } }
sinks:
  a: { plugin: csv, options: { path: out.csv } }
`

test('expressions stand first; code, ways, what lies outside, lists and variables are left out', () => {
  const all = tunablesOf(parse(FILE)).map(each => `${each.kind} ${each.path}=${each.value}`)
  expect(all).toEqual([
    'expression nodes.size.cases.0.when=row.amount < 1000',
    'expression nodes.tier.gate=row.amount >= 5000',
    'text nodes.screen.options.fields.0=note',
    'text nodes.screen.options.patterns.1=secret',
    'text nodes.ask.options.model=any',
    'number nodes.ask.options.temperature=0',
  ])
  expect(tunablesOf('no pipeline')).toEqual([])
})

test('numbers of an expression: none within names and texts', () => {
  const expression = `row.v2 > -1.5 && row.name != "5 \\" 6" && size(row.list_3) >= 20`
  const found = thresholdsIn(expression)
  expect(found.map(each => each.text)).toEqual(['-1.5', '20'])
  expect(withThreshold(expression, found[1] ?? expect.unreachable(), '30')).toMatch(/>= 30$/)
})
