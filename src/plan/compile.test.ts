import { describe, expect, test } from 'vitest'
import { BASE } from '../../test/diagnostics/base.ts'
import { brief, compileText, SECRETS } from '../../test/support/compile-text.ts'
import { aggregateOf } from '../../test/support/rig.ts'
import { testCatalogue } from '../../test/support/stub-plugins.ts'
import { parsePipeline } from '../config/load.ts'
import type { Json } from '../model/row.ts'
import { newRow } from '../model/row.ts'
import { OBSERVED } from '../model/schema.ts'
import type { SecretReading } from '../model/secret-reading.ts'
import { filesIn } from '../sdk/option-files.ts'
import { compilePlan } from './compile.ts'
import type { Plan, PlanNode } from './plan.ts'

function planOf(text: string, overrides: readonly string[] = []): Plan {
  const { plan, diagnostics } = compileText(text, { overrides })
  expect(brief(diagnostics)).toEqual([])
  if (plan === null) throw new Error('no plan')
  return plan
}
function node<K extends PlanNode['kind']>(plan: Plan, name: string, kind: K): Extract<PlanNode, { kind: K }> {
  const found = plan.nodes.find(each => each.name === name)
  if (found?.kind !== kind) throw new Error(`${name} is no ${kind}`)
  return found as Extract<PlanNode, { kind: K }>
}
const row = (fields: { readonly [field: string]: Json }) => Object.assign(newRow(), fields)

/** A transform between a source and a sink, with more in its options or beside it. */
const oneNode = (body: string, fields = '{ id: integer, amount: number, note: string? }') => `name: one
defaults: { on_error: discard, on_invalid: discard }
sources:
  in: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: ${fields} }, to: step }
nodes:
  step: ${body}
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl } }
`

describe('a plan', () => {
  const plan = planOf(BASE)

  test('numbers its nodes and edges densely, in the order of the file (PLAN-1, PLAN-2)', () => {
    expect(plan.nodes.map(({ number }) => number)).toEqual(plan.nodes.map((_, index) => index + 1))
    expect(plan.edges.map(({ number }) => number)).toEqual(plan.edges.map((_, index) => index + 1))
    expect(plan.nodes.map(({ name }) => name).join(' ')).toBe(
      'applications screen tier area size desk both risk merged stats micro summary problems',
    )
    const ways = plan.edges.map(({ from, label }) => `${from} ${label}`)
    expect(new Set(ways).size).toBe(ways.length)
  })

  test('labels its edges as the topology says', () => {
    expect(plan.topology.edges).toEqual(plan.edges.map(({ from, label, to }) => [from, label, to]))
    expect(plan.topology.edges.filter(([from]) => from <= 5)).toEqual([
      [1, 'to', 2],
      [1, 'on_invalid', 13],
      [2, 'to', 3],
      [2, 'on_error', 13],
      [3, 'true', 7],
      [3, 'false', 4],
      [3, 'on_error', 13],
      [4, 'north', 11],
      [4, 'south', 5],
      [4, 'on_error', 13],
      [5, '1', 11],
      [5, 'else', 6],
      [5, 'on_error', 13],
    ])
    expect(plan.topology.nodes[5]).toEqual({ name: 'desk', kind: 'gate', plugin: 'nearest_desk' })
    expect(plan.topology.nodes[6]).toEqual({ name: 'both', kind: 'fork', branches: ['left', 'right'] })
    expect(plan.topology.nodes[8]).toEqual({
      name: 'merged',
      kind: 'coalesce',
      branches: ['left', 'right'],
      policy: 'require_all',
    })
  })

  test('has gates that decide', () => {
    const tier = node(plan, 'tier', 'gate')
    expect(tier.by.kind).toBe('boolean')
    expect([...tier.routes.keys()]).toEqual(['true', 'false'])
    expect(tier.otherwise).toBeNull()
    expect(tier.by.kind === 'boolean' && tier.by.expression.evaluate(row({ amount: 6000 }))).toEqual({
      ok: true,
      value: true,
    })
    const desk = node(plan, 'desk', 'gate')
    expect([...desk.routes.keys()]).toEqual(['sydney'])
    expect(desk.otherwise).toMatchObject({ label: 'else', to: 0 })
    const size = node(plan, 'size', 'gate')
    expect([...size.routes.keys()]).toEqual(['1', 'else'])
    expect(size.otherwise).toBeNull()
  })

  test('knows what comes to each node', () => {
    expect([...node(plan, 'screen', 'transform').input.fields.keys()]).toEqual(['id', 'amount', 'region', 'note'])
    const stats = node(plan, 'stats', 'aggregate').input
    expect([...stats.fields.keys()].sort()).toEqual(['amount', 'id', 'note', 'region', 'risk'])
    expect(stats.fields.get('risk')).toEqual({ schema: { type: 'number' }, optional: false })
    const problems = node(plan, 'problems', 'sink').input
    expect(problems.fields.get('_error')).toMatchObject({ schema: { type: 'object' }, optional: false })
    expect(problems.fields.get('raw')?.optional).toBe(true)
    expect(problems.closed).toBe(true)
  })

  test('gives what evidence needs of expressions and options', () => {
    expect(plan.value.expressions).toMatchObject({
      tier: [{ for: 'gate', source: 'row.amount >= 5000.0', reads: [['amount']] }],
      area: [{ for: 'gate', source: 'row.region', reads: [['region']] }],
      size: [{ for: '1', source: 'row.amount < 1000.0', reads: [['amount']] }],
      risk: [{ for: 'set.risk', source: 'row.amount * 2.0', reads: [['amount']] }],
      stats: [{ for: 'trigger.when', source: 'batch.count >= 50', reads: [['count']] }],
    })
    expect(plan.value.options).toMatchObject({
      micro: { path: 'out/micro.csv', if_exists: 'fail' },
      desk: { max_km: 50 },
    })
    const { applications = [], ...others } = plan.value.fields
    expect(others).toEqual({})
    expect(applications.map(({ name, optional }) => [name, optional])).toEqual([
      ['id', false],
      ['amount', false],
      ['region', false],
      ['note', true],
    ])
    expect(applications.map(({ schema }) => schema.type)).toEqual(['integer', 'number', 'string', 'string'])
    expect(plan.value.text).toBe(BASE)
  })

  test('keeps what was set, but for the ledger', () => {
    expect(plan.value.set).toBeUndefined()
    const { value } = planOf(BASE, [
      'retry.attempts=2',
      'ledger.url=postgres://u:pw@h/d',
      'nodes.desk.gate.options.max_km=7',
    ])
    expect(value.set).toEqual(['retry.attempts=2', 'nodes.desk.gate.options.max_km=7'])
    expect(value.options.desk).toEqual({ max_km: 7 })
  })

  test('retries as the pipeline says, or the node', () => {
    const text = `${BASE.replace('to: tier', 'retry: { attempts: 5, backoff: 2s }\n    to: tier')}retry: { factor: 3 }\n`
    const { nodes } = planOf(text)
    expect(nodes[1]).toMatchObject({ retry: { attempts: 5, backoff_ms: 2000, max_backoff_ms: 60_000, factor: 3 } })
    expect(nodes[2]).toMatchObject({ retry: { attempts: 3, backoff_ms: 1000, max_backoff_ms: 60_000, factor: 3 } })
    const bad = BASE.replace('to: tier', 'retry: { backoff: 2m }\n    to: tier')
    expect(brief(compileText(bad).diagnostics)).toEqual(['19:23 BAD_VALUE'])
  })
})

describe('the hash of a plan', () => {
  const { hash } = planOf(BASE)
  const hashOf = (from: string, to: string) => planOf(BASE.replace(from, to)).hash

  test('is of its meaning, not of its text', () => {
    expect(hash).toMatch(/^[0-9a-f]{64}$/)
    expect(hashOf('routes: { true: both, false: area }', 'routes: { \'true\': both, "false": area } # the same')).toBe(
      hash,
    )
    expect(hashOf('fork: { left: risk, right: merged }', 'fork:\n      left: risk\n      right: merged')).toBe(hash)
    expect(hashOf('path: out/micro.csv', 'path: "${OUT:-out}/micro.csv"')).toBe(hash)
  })

  test('leaves limits, retry, ledger and description out', () => {
    const more =
      'retry: { attempts: 9 }\nlimits: { spend: { usd: 1 } }\nledger: { url: sqlite:x.db }\ndescription: x\nsinks:'
    expect(hashOf('sinks:', more)).toBe(hash)
    expect(hashOf('to: tier', 'retry: { attempts: 9 }\n    to: tier')).toBe(hash)
  })

  test.each([
    ['>= 5000.0', '>= 5001.0'],
    ['max_km: 50', 'max_km: 51'],
    ['path: out/micro.csv', 'path: out/micr.csv'],
    ['north: micro', 'north: summary'],
    ['note: string?', 'note: string'],
    ['mode: fixed', 'mode: flexible'],
    ['count: 100', 'count: 101'],
    ['to: summary', 'to: micro\n  extra: { transform: passthrough, to: summary }'],
    ['on_error: discard', 'on_error: micro'],
    ['  micro: {', '  macro: { plugin: csv, options: { path: x } }\n  micro: {'],
  ])('changes with %s → %s', (from, to) => {
    const { plan, diagnostics } = compileText(
      BASE.replace(from, to).replace('sydney: micro', to.includes('macro') ? 'sydney: macro' : 'sydney: micro'),
    )
    if (plan !== null) expect(plan.hash).not.toBe(hash)
    else expect(diagnostics.some(each => each.severity === 'error')).toBe(true)
  })
})

const UNSET = { kind: 'problem', code: 'CUSTODY_SECRET_UNSET', message: 'it isn’t set' } as const

describe('secrets', () => {
  const text = oneNode('{ transform: ask, options: { model: m, key: { secret: API_KEY } }, to: out }')

  test('reach the plugin, and nothing else', () => {
    const plan = planOf(text)
    expect(node(plan, 'step', 'transform').plugin.options).toMatchObject({ key: 'hunter2-hunter2' })
    expect(plan.value.options.step).toEqual({
      model: 'm',
      key: { secret: 'API_KEY', fingerprint: 'fp:15' },
      temperature: 0,
    })
    expect(JSON.stringify([plan.value, plan.topology, plan.hash])).not.toContain('hunter2')
    expect(node(plan, 'step', 'transform').plugin.secrets).toEqual([{ path: ['key'], name: 'API_KEY' }])
  })

  test('count by name in the hash', () => {
    const other = { ...SECRETS, secrets: () => ({ kind: 'value', value: 'another value' }) as const }
    const load = (source: string) => parsePipeline(source, { file: 'p.yaml', folder: '/pipelines', env: {} }).pipeline
    const pipeline = load(text)
    const renamed = load(text.replace('API_KEY', 'OTHER_KEY'))
    if (pipeline === null || renamed === null) throw new Error('no pipeline')
    const hash = (each: typeof pipeline) => compilePlan(each, testCatalogue(), other, filesIn(each.folder)).plan?.hash
    expect(hash(pipeline)).toBe(planOf(text).hash)
    expect(hash(renamed)).not.toBe(planOf(text).hash)
  })

  test('may be missing where nothing is run', () => {
    const { pipeline } = parsePipeline(text, { file: 'p.yaml', folder: '/pipelines', env: {} })
    if (pipeline === null) throw new Error('no pipeline')
    const none = { ...SECRETS, secrets: () => UNSET, secrets_required: false }
    const { plan, diagnostics } = compilePlan(pipeline, testCatalogue(), none, filesIn(pipeline.folder))
    expect(brief(diagnostics)).toEqual(['6:53 ?SECRET_UNSET'])
    expect(plan?.value.options.step).toMatchObject({ key: { secret: 'API_KEY', fingerprint: null } })
  })

  test('that aren’t known are neither right nor wrong', () => {
    const { pipeline } = parsePipeline(text.replace('m, key', 'm, temperature: { secret: T }, key'), {
      ...{ file: 'p.yaml', folder: '/pipelines', env: {} },
    })
    if (pipeline === null) throw new Error('no pipeline')
    const compiled = (reading: SecretReading) =>
      compilePlan(pipeline, testCatalogue(), { ...SECRETS, secrets: () => reading }, filesIn(pipeline.folder))
    expect(compiled({ kind: 'unread' })).toMatchObject({ plan: null, diagnostics: [] })
    const { diagnostics } = compiled({ kind: 'value', value: 'hunter2' })
    expect(diagnostics.map(each => each.message)).toEqual(['`temperature` must be a number, not a text'])
  })

  test('a ledger’s URL that is none isn’t repeated, either', () => {
    const { plan, diagnostics } = compileText(`${text}ledger: { url: { secret: API_KEY } }\n`)
    expect([plan, diagnostics]).toMatchObject([
      null,
      [{ code: 'CUSTODY_LEDGER_URL', message: 'the secret API_KEY isn’t a ledger’s URL' }],
    ])
  })

  test('aren’t repeated where a plugin refuses them', () => {
    const { diagnostics } = compileText(text.replace('m, key', 'm, temperature: 9, key').replace('API_KEY', 'N'))
    expect(diagnostics.map(each => each.message)).toEqual([
      '`temperature` must be at most 2',
      '`key` must have at least 3 characters',
    ])
  })
})

describe('variables in options', () => {
  test('bring numbers where numbers are wanted, and texts where texts are', () => {
    const plan = planOf(
      oneNode(
        '\n    transform: ask\n    options:\n      model: ${N}\n      key: abc${N}\n      temperature: ${EMPTY:-1.5}\n    to: out',
      ),
    )
    expect(node(plan, 'step', 'transform').plugin.options).toEqual({ model: '7', key: 'abc7', temperature: 1.5 })
  })

  test('bring texts where they are quoted', () => {
    const { diagnostics } = compileText(
      oneNode('{ transform: ask, options: { model: m, key: abc, temperature: "${N}" }, to: out }'),
    )
    expect(brief(diagnostics)).toEqual(['6:71 PLUGIN_OPTIONS'])
  })
})

describe('what a coalesce makes', () => {
  const merged = (rest: string, left = '{ x: row.amount * 2.0 }', right = `{ y: "'a'" }`) => {
    const { nodes } = planOf(`name: m
defaults: { on_error: discard, on_invalid: discard }
sources:
  in: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { amount: number, note: string? } }, to: split }
nodes:
  split: { fork: { left: a, right: b } }
  a: { transform: compute, options: { set: ${left} }, to: join }
  b: { transform: compute, options: { set: ${right} }, to: join }
  join: { coalesce: [left, right], to: out, ${rest} }
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl } }
`)
    const fields = nodes.at(-1)?.input.fields ?? new Map()
    return Object.fromEntries(
      [...fields].map(([name, { schema, optional }]) => [name, `${String(schema.type)}${optional ? '?' : ''}`]),
    )
  }

  test('union of all branches guarantees what any of them does', () => {
    expect(merged('merge: union')).toEqual({ amount: 'number', note: 'string?', x: 'number', y: 'string' })
  })
  test('union of some guarantees what each of them does', () => {
    expect(merged('policy: best_effort, timeout: 1s')).toEqual({
      amount: 'number',
      note: 'string?',
      x: 'number?',
      y: 'string?',
    })
    expect(merged('policy: first')).toEqual({ amount: 'number', note: 'string?', x: 'number?', y: 'string?' })
    expect(merged('policy: quorum, quorum: 2, decide: complete')).toMatchObject({ x: 'number', y: 'string' })
    expect(merged('policy: quorum, quorum: 1, decide: complete')).toMatchObject({ x: 'number?', y: 'string?' })
  })
  test('a branch that rewrites a field gives it its type', () => {
    expect(merged('merge: union', '{ amount: string(row.amount) }')).toMatchObject({ amount: 'string' })
    expect(merged('merge: union', `{ note: "'a'" }`, '{ note: row.amount }')).toMatchObject({ note: 'undefined' })
  })
  test('nested has an object for each branch', () => {
    expect(merged('merge: nested')).toEqual({ left: 'object', right: 'object' })
    expect(merged('merge: nested, policy: first')).toEqual({ left: 'object?', right: 'object?' })
  })
  test('select has the row of its branch', () => {
    expect(merged('merge: select, select: right')).toEqual({ amount: 'number', note: 'string?', y: 'string' })
  })
})

describe('a plugin that doesn’t say what it guarantees', () => {
  const gather = aggregateOf('gather', rows => ({ kind: 'rows', rows }))
  const inputOf = (step: string) => {
    const text = `name: unsaid
defaults: { on_error: discard, on_invalid: discard }
sources:
  in: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { id: integer } }, to: step }
nodes:
  step: { ${step}, to: gate }
  gate: { gate: row.id > 1 && row.score > 1.5, routes: { true: out, false: out } }
sinks:
  out: { plugin: csv, options: { path: out.csv } }
`
    const { plan, diagnostics } = compileText(text, { catalogue: testCatalogue().with([gather]) })
    expect(brief(diagnostics)).toEqual([])
    return node(plan as Plan, 'out', 'sink').input
  }
  const id = { schema: { type: 'integer' }, optional: false }

  test.each(['transform: ask, options: { model: m, key: keyed }', 'aggregate: gather, output: passthrough'])(
    '%s: may have added fields',
    step => {
      const fields = new Map([['id', id]])
      expect(inputOf(step)).toEqual({ fields, closed: false, observed: true, doubtful: true })
    },
  )

  test('makes new rows of which nothing is known', () => {
    expect(inputOf('aggregate: gather')).toEqual(OBSERVED)
  })
})

describe('forks in forks', () => {
  const nested = (inner: string) =>
    compileText(`name: n
defaults: { on_error: discard, on_invalid: discard }
sources:
  in: { plugin: csv, options: { path: in.csv }, to: outer }
nodes:
  outer: { fork: { a: inner, b: last } }
  inner: ${inner}
  last: { coalesce: [a, b], to: out }
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl } }
`)
  const problems = (inner: string) => brief(nested(inner).diagnostics)

  test('may be joined inside', () => {
    expect(problems('{ fork: { x: mid, y: mid } }\n  mid: { coalesce: [x, y], to: last }')).toEqual([])
  })
  test('may send one branch elsewhere', () => {
    expect(problems('{ fork: { x: last, y: out } }')).toEqual([])
  })
  test('may not bring two rows of one branch', () => {
    expect(problems('{ fork: { x: last, y: last } }')).toEqual(['8:21 BRANCH_TWICE'])
  })
  test('lose the branch if none of theirs continues', () => {
    expect(problems('{ fork: { x: out, y: out } }')).toEqual(['8:22 BRANCH_UNREACHABLE'])
  })
  test('a batch of new rows is on no branch', () => {
    expect(problems('{ aggregate: batch_stats, options: { value: v }, to: last }')).toContain('8:22 BRANCH_UNREACHABLE')
  })
})

describe('where the type of a gate isn’t known', () => {
  const gate = (routes: string) => {
    const text = oneNode(`{ gate: row.x, routes: ${routes} }`)
      .replace(/, schema: \{.*\} \}, to/, ', to')
      .replace('plugin: csv', 'plugin: jsonl')
    return compileText(text)
  }
  test('its routes say it', () => {
    expect(gate('{ true: out, false: discard }').plan?.nodes[1]).toMatchObject({ by: { kind: 'boolean' } })
    expect(gate('{ north: out, else: discard }').plan?.nodes[1]).toMatchObject({ by: { kind: 'string' } })
  })
  test('it needs else, or both true and false', () => {
    expect(brief(gate('{ north: out }').diagnostics)).toEqual(['6:24 ROUTE_MISSING'])
    expect(brief(gate('{ true: out }').diagnostics)).toEqual(['6:24 ROUTE_MISSING'])
  })
})
