import { expect, test } from 'vitest'
import { tunablesOf } from './tunables.ts'

const FILE = `
nodes:
  screen: { transform: keyword_filter, options: { fields: [note], patterns: ['[a-z]', secret] }, on_error: problems, to: ask }
  ask: { transform: llm, options: { model: any, base_url: 'http://here', prompt: { file: p.liquid }, temperature: 0 }, to: size }
  size: { cases: [{ when: row.amount < 1000, to: small }, { else: large }] }
  tier: { gate: row.amount >= 5000, routes: { true: a, false: b } }
sinks:
  a: { plugin: csv, options: { path: out.csv } }
`

test('expressions stand first; code, ways, what lies outside, lists and variables are left out; values are those of the run', () => {
  const all = tunablesOf({ text: FILE, set: ['nodes.tier.gate=row.amount >= 4000'] }).map(
    each => `${each.kind} ${each.path}=${each.value}`,
  )
  expect(all).toEqual([
    'expression nodes.size.cases.0.when=row.amount < 1000',
    'expression nodes.tier.gate=row.amount >= 4000',
    'text nodes.screen.options.fields.0=note',
    'text nodes.screen.options.patterns.1=secret',
    'text nodes.ask.options.model=any',
    'number nodes.ask.options.temperature=0',
  ])
  expect(tunablesOf({ text: 'no pipeline' })).toEqual([])
  expect(tunablesOf({ text: null })).toEqual([])
})
