import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BASE } from '../../test/diagnostics/base.ts'
import { parsePipeline } from './load.ts'

const ENV = { N: '7', DIR: '/data', EMPTY: '', URL: 'postgres://u:p@h/db' }
const load = (text: string, overrides: readonly string[] = []) =>
  parsePipeline(text, { file: 'p.yaml', folder: '/f', env: ENV, overrides })

function configOf(text: string, overrides: readonly string[] = []) {
  const { pipeline, diagnostics } = load(text, overrides)
  expect(diagnostics).toEqual([])
  if (pipeline === null) throw new Error('no pipeline')
  return pipeline.config
}

const SMALL = `name: small
sources: { in: { plugin: csv, options: { path: in.csv }, on_invalid: discard, to: out } }
sinks: { out: { plugin: csv, options: { path: out.csv }, on_error: discard } }
`

describe('a sound file', () => {
  test('becomes typed values with defaults', () => {
    const config = configOf(BASE)
    expect(config).toMatchObject({ name: 'loan-triage', description: null, ledger_url: null, plugins: [] })
    expect(config.retry).toEqual({ attempts: 3, backoff_ms: 1000, max_backoff_ms: 60_000, factor: 2 })
    expect(config.sources[0]).toMatchObject({
      name: 'applications',
      on_invalid: 'problems',
      to: 'screen',
      schema: {
        mode: 'fixed',
        fields: [
          { name: 'id', schema: { type: 'integer' }, optional: false },
          { name: 'amount', schema: { type: 'number' }, optional: false },
          { name: 'region', schema: { type: 'string', enum: ['north', 'south'] }, optional: false },
          { name: 'note', schema: { type: 'string' }, optional: true },
        ],
      },
    })
    expect(config.nodes.map(({ name, kind, on_error }) => [name, kind, on_error])).toEqual([
      ['screen', 'transform', 'problems'],
      ['tier', 'gate', 'problems'],
      ['area', 'gate', 'problems'],
      ['size', 'gate', 'problems'],
      ['desk', 'gate', 'problems'],
      ['both', 'fork', null],
      ['risk', 'transform', 'problems'],
      ['merged', 'coalesce', 'problems'],
      ['stats', 'aggregate', 'problems'],
    ])
    expect(config.nodes[3]).toMatchObject({
      by: {
        kind: 'cases',
        cases: [
          { when: 'row.amount < 1000.0', label: '1' },
          { when: null, label: 'else' },
        ],
      },
      routes: [
        { label: '1', to: 'micro' },
        { label: 'else', to: 'desk' },
      ],
    })
    expect(config.nodes[7]).toMatchObject({
      branches: ['left', 'right'],
      policy: { kind: 'require_all', timeout_ms: null },
      merge: { kind: 'union', on_conflict: 'last_wins' },
    })
    expect(config.nodes[8]).toMatchObject({
      trigger: { count: 100, max_age_ms: null, when: 'batch.count >= 50' },
      output: 'transform',
      per: null,
      output_rows: null,
    })
    expect(config.sinks.map(({ name, on_error }) => [name, on_error])).toEqual([
      ['micro', 'problems'],
      ['summary', 'problems'],
      ['problems', 'discard'],
    ])
  })

  test('keeps routes and fields in its order, whatever they are called', () => {
    const config = configOf(
      BASE.replace(
        '{ sydney: micro, else: discard }',
        '{ b: micro, 10: micro, 9: micro, __proto__: micro, else: discard }',
      ).replace('id: integer', 'id: integer\n        2024: integer?'),
    )
    expect(config.nodes[4]).toMatchObject({ routes: ['b', '10', '9', '__proto__', 'else'].map(label => ({ label })) })
    expect(config.sources[0]?.schema.fields.map(({ name }) => name)).toEqual(['id', '2024', 'amount', 'region', 'note'])
  })

  test('may have its routes quoted or not', () => {
    const routes = (text: string) => configOf(BASE.replace('{ true: both, false: area }', text)).nodes[1]
    expect(routes('{ "true": both, \'false\': area }')).toEqual(routes('{ true: both, false: area }'))
  })

  test('takes the text of any scalar as a key', () => {
    const gate = configOf(BASE.replace('north: micro', '1: micro, 1.0: micro, null: micro, ~: micro, 0x1F: micro'))
      .nodes[2]
    expect(gate?.kind === 'gate' && gate.routes.map(({ label }) => label)).toEqual([
      '1',
      '1.0',
      'null',
      '~',
      '0x1F',
      'south',
    ])
  })

  test('may merge maps; what a map says itself wins', () => {
    const text = `${SMALL.replace('options: { path: out.csv }', 'options: &o { path: out.csv, if_exists: append }')}  more: { plugin: csv, options: { <<: *o, path: more.csv }, on_error: discard }\n`
    const config = configOf(
      text
        .replace('sinks: { out:', 'sinks:\n  out:')
        .replace('on_error: discard } }\n  more', 'on_error: discard }\n  more'),
    )
    expect(config.sinks[1]?.options).toEqual({ path: 'more.csv', if_exists: 'append' })
  })

  test('may have a quoted key <<', () => {
    const config = configOf(SMALL.replace('path: out.csv', '"<<": { a: 1 }'))
    expect(config.sinks[0]?.options).toEqual({ '<<': { a: 1 } })
  })

  test('keeps secrets as references', () => {
    const config = configOf(
      `${SMALL.replace('path: out.csv', 'key: { secret: KEY }')}ledger: { url: { secret: URL } }\n`,
    )
    expect(config.sinks[0]?.options).toEqual({ key: { secret: 'KEY' } })
    expect(config.ledger_url).toEqual({ secret: 'URL' })
  })

  test.each(['"1X"', '""', '"a-b"'])('refuse a secret that names no variable: %s', name => {
    expect(load(`${SMALL}ledger: { url: { secret: ${name} } }\n`).diagnostics).toMatchObject([
      { code: 'CUSTODY_BAD_VALUE', message: 'a secret is named by its environment variable, or by where it is kept' },
    ])
  })

  test('variables stand in the names of secrets that aren’t variables themselves', () => {
    const urlOf = (name: string, STAGE = 'dev') =>
      parsePipeline(`${SMALL}ledger: { url: { secret: ${name} } }\n`, { file: 'p.yaml', folder: '/f', env: { STAGE } })
    expect(urlOf('"vault:kv/${STAGE}/db#url"').pipeline?.config.ledger_url).toEqual({ secret: 'vault:kv/dev/db#url' })
    const codes = (name: string, STAGE?: string) => urlOf(name, STAGE).diagnostics.map(each => each.code)
    expect(codes('"${STAGE}"')).toEqual(['CUSTODY_BAD_VALUE'])
    expect(codes('"vault:kv/${STAGE}"', '..')).toEqual(['CUSTODY_BAD_VALUE'])
    expect(codes('"vault:kv/$${STAGE}"')).toEqual([])
    expect(codes('"azure:v/$${STAGE}"')).toEqual(['CUSTODY_BAD_VALUE'])
    expect(codes('"vault:kv/${NONE}"')).toEqual(['CUSTODY_VARIABLE_UNSET'])
  })

  test.each([
    ['$KEY', 'CUSTODY_BAD_VALUE'],
    ['{ file: $KEY }', 'CUSTODY_BAD_VALUE'],
    ['{ file: "${KEY}" }', 'CUSTODY_BAD_VALUE'],
    ['{ secret: $KEY }', 'CUSTODY_BAD_VALUE'],
    ['{ file: k, $KEY: 1 }', 'CUSTODY_BAD_VALUE'],
    ['{ file: k }, $KEY: 1', 'CUSTODY_UNKNOWN_KEY'],
  ])('refuse a ledger key in the place of where one is, without a word of it: %s', (written, code) => {
    const KEY = `custody-ledger-key+0123456789abcdef+${'aBcd'.repeat(11)}`
    const text = `${SMALL}ledger: { encryption: { key: ${written.replace('$KEY', KEY)} } }\n`
    const { diagnostics } = parsePipeline(text, { file: 'p.yaml', folder: '/f', env: { KEY } })
    expect(diagnostics).toMatchObject([{ code }])
    expect(JSON.stringify(diagnostics)).not.toContain('aBcd')
  })

  test('refuse a secret with more to it', () => {
    expect(load(`${SMALL}ledger: { url: { secret: URL, y: 1 } }\n`).diagnostics).toMatchObject([
      { code: 'CUSTODY_WRONG_TYPE', message: '`url` must be a text, not a map' },
    ])
  })

  test.each([
    ['{ path: out/{{ row.region }}/{{ row.day }}.csv, if_exists: replace }', 1],
    ['{ path: {{ row.region }} }', 1],
    ['{ path: {{ row.region }}/all.csv }', 1],
    ['\n  path: {{ row.region }}/all.csv', 2],
    ['[a{{ row.region }}, b]', 1],
  ])('name braces that need quotes, and nothing else of that line: %s', (options, line) => {
    const hint = "put the whole value into quotes: 'out/{{ row.field }}.csv'"
    expect(load(`options: ${options}\n`).diagnostics.filter(({ code }) => code === 'CUSTODY_YAML')).toMatchObject([
      { hint, line },
    ])
  })

  test('may take numbers from variables, where they aren’t quoted', () => {
    const config = configOf(`${SMALL}retry:\n  attempts: \${N}\n  backoff: \${WAIT:-5s}\n`)
    expect(config.retry).toMatchObject({ attempts: 7, backoff_ms: 5000 })
    expect(load(`${SMALL}retry: { attempts: "\${N}" }\n`).diagnostics).toMatchObject([{ code: 'CUSTODY_WRONG_TYPE' }])
  })

  test('a first wait that is longer than the default of the longest one lifts that', () => {
    expect(configOf(`${SMALL}retry: { backoff: 5m }\n`).retry).toMatchObject({
      backoff_ms: 300_000,
      max_backoff_ms: 300_000,
    })
  })

  test('options have no prototype', () => {
    const { options } = configOf(SMALL.replace('path: out.csv', 'constructor: 1')).sinks[0] ?? {}
    expect(Object.keys(options ?? {})).toEqual(['constructor'])
    expect((options as { toString?: unknown }).toString).toBeUndefined()
  })

  test('what may be left out may also be empty', () => {
    expect(configOf(`${SMALL}nodes:\nretry:\nlimits:\nplugins:\n`).nodes).toEqual([])
  })
})

describe('--set', () => {
  test('replaces values, and makes what isn’t there', () => {
    const config = configOf(BASE, [
      'retry.attempts=5',
      'limits.spend.usd=1.5',
      'guards.failed=2.5%',
      'sources.applications.guards.min_rows=3',
      'sources.applications.guards.rejected=off',
      'nodes.size.cases.0.when=row.amount > 1.0 ? true : false',
      'nodes.both.fork.right=merged',
      'sources.applications.options.path=${DIR}/b.csv',
      'sources.applications.options.columns=[a, "b c"]',
      'sinks.micro.options.suffix=',
      'description=8 am: hello',
      'ledger.url=sqlite:./x.db',
    ])
    expect(config.retry.attempts).toBe(5)
    expect(config.limits.spend_usd).toBe(1.5)
    expect(config.guards).toEqual({ rejected: null, failed: { kind: 'share', percent: 2.5 }, min_rows: null })
    expect(config.sources[0]?.guards).toEqual({
      ...{ rejected: { kind: 'off' }, failed: null, min_rows: { kind: 'count', most: 3 } },
    })
    expect(config.nodes[3]).toMatchObject({ by: { cases: [{ when: 'row.amount > 1.0 ? true : false' }, {}] } })
    expect(config.sources[0]?.options).toEqual({ path: '/data/b.csv', columns: ['a', 'b c'] })
    expect(config.sinks[0]?.options).toEqual({ path: 'out/micro.csv', suffix: '' })
    expect(config).toMatchObject({ description: '8 am: hello', ledger_url: 'sqlite:./x.db' })
  })

  test('doesn’t touch what shares an alias', () => {
    const text = SMALL.replace('options: { path: in.csv }', 'options: &o { path: in.csv }').replace(
      '{ path: out.csv }',
      '*o',
    )
    const config = configOf(text, ['sinks.out.options.path=o.csv'])
    expect([config.sources[0]?.options.path, config.sinks[0]?.options.path]).toEqual(['in.csv', 'o.csv'])
  })

  test('gives the place of a value that it set', () => {
    const { pipeline, texts } = load(BASE, ['retry.attempts=5', 'nodes.tier.gate=row.id > 3'])
    const span = pipeline?.locate(['nodes', 'tier', 'gate'], 'value', { offset: 4, length: 2 })
    expect(span).toEqual({ file: '--set', line: 2, column: 21, length: 2 })
    expect(texts.get('--set')?.split('\n')[1]?.slice(20, 22)).toBe('id')
  })

  test.each([
    'nodes.both.fork.right.x=1',
    'nodes=1.2',
    'sinks.none.plugin=csv',
    'name.x=1',
    '=1',
    'a..b=1',
    'nodes.size.cases.2.when=x',
    'nodes.size.cases.-1.when=x',
    'nodes.tier.to=micro',
    'retry.attempts=[1',
    '__proto__.x=1',
    'retry.constructor=1',
  ])('refuses %s', argument => {
    const { diagnostics } = load(BASE, [argument])
    expect(diagnostics.filter(each => each.file === '--set').length).toBeGreaterThan(0)
  })
})

describe('a faulty file', () => {
  test('is given as far as it can be understood', () => {
    const { pipeline } = load(BASE.replace('    to: tier', '    too: tier').replace('count: 100', 'count: -1'))
    expect(pipeline?.faulty).toBe(true)
    expect(pipeline?.config.nodes).toHaveLength(9)
    expect(pipeline?.config.nodes[0]).toMatchObject({ name: 'screen', to: '' })
  })

  test('has stand-ins for what is wrong, and keeps what is well beside it', () => {
    const config = load(
      BASE.replace('coalesce: [left, right]', 'coalesce: [left, [x], right]')
        .replace('to: micro }\n      - { else: desk }', 'to: 5 }\n      - { els: desk }\n      - { else: desk }')
        .replace('count: 100', 'count: many, max_age: 5m')
        .replace('max_km: 50 }', 'max_km: 50 }, extra: 1')
        .replace('fork: { left: risk', 'fork: { left: [risk]')
        .replace('transform: keyword_filter', 'transform: ${NONE}')
        .replace('amount: number', 'amount: 5'),
    ).pipeline?.config
    expect(config?.sources[0]?.schema.fields[1]).toEqual({ name: 'amount', schema: {}, optional: true })
    expect(config?.nodes.map(each => each.name)).not.toContain('nothing')
    expect(config?.nodes[0]).toMatchObject({ plugin: '', to: 'tier', on_error: 'problems' })
    expect(config?.nodes[3]).toMatchObject({
      routes: [
        { label: '1', to: '' },
        { label: '2', to: '' },
        { label: 'else', to: 'desk' },
      ],
    })
    expect(config?.nodes[4]).toMatchObject({ by: { kind: 'plugin', plugin: 'nearest_desk', options: { max_km: 50 } } })
    expect(config?.nodes[5]).toMatchObject({
      branches: [
        { branch: 'left', to: '' },
        { branch: 'right', to: 'merged' },
      ],
    })
    expect(config?.nodes[7]).toMatchObject({ branches: ['left', 'right'] })
    expect(config?.nodes[8]).toMatchObject({ trigger: { count: null, max_age_ms: 300_000 } })
  })

  test.each([
    ['fork: { left: risk, right: merged }', 'fork: {}', '`fork` needs at least one branch'],
    ['fork: { left: risk, right: merged }', 'fork: []', '`fork` needs at least one branch'],
    ['gate: row.region', 'gate: []', '`gate` must be an expression, or a map with plugin and options, not a list'],
    ['gate: row.region', 'gate: " "', '`gate` is an empty text'],
    ['gate: { plugin: nearest_desk', 'gate: { plugn: nearest_desk', 'a plugin gate has no key `plugn`'],
  ])('says what is wrong with what was meant, where there may be several things: %s → %s', (from, to, message) => {
    expect(load(BASE.replace(from, to)).diagnostics.map(each => each.message)).toContain(message)
  })

  test('names nodes whose kind isn’t clear', () => {
    const { pipeline } = load(BASE.replace('    to: tier', '    to: tier\n    gate: row.x'))
    expect(pipeline?.config.unreadable).toEqual(['screen'])
    expect(pipeline?.config.nodes).toHaveLength(8)
  })

  test('names no key and no option __proto__', () => {
    const { diagnostics } = load(
      BASE.replace('max_km: 50', '__proto__: 50').replace('name: loan-triage', 'name: loan-triage\n__proto__: x'),
    )
    expect(diagnostics.map(each => each.message)).toEqual([
      'a pipeline has no key `__proto__`',
      'options can’t have a key `__proto__`',
    ])
  })

  test('never makes loading throw, whatever it is; places are in the file', () => {
    const lines = BASE.split('\n')
    const scraps = [
      'null',
      '-1',
      '.nan',
      '[]',
      '{}',
      '"',
      'discard',
      '{secret: X}',
      '*a',
      '&a',
      '<<: *a',
      '? x',
      '- ',
      '${X}',
      '|',
      '\t',
      '!!set',
      '# ',
      '',
    ]
    const edit = fc.record({
      line: fc.nat(lines.length - 1),
      at: fc.nat(60),
      scrap: fc.oneof(fc.constantFrom(...scraps), fc.string({ maxLength: 3 })),
      cut: fc.nat(12),
    })
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), edits => {
        const copy = [...lines]
        for (const { line, at, scrap, cut } of edits) {
          const text = copy[line] ?? ''
          copy[line] = text.slice(0, at) + scrap + text.slice(at + cut)
        }
        const text = copy.join('\n')
        const { pipeline, diagnostics } = load(text)
        const all = text.split('\n')
        for (const { line, column, length = 1 } of diagnostics) {
          expect(line).toBeLessThanOrEqual(all.length)
          expect(column).toBeLessThanOrEqual((all[line - 1] ?? '').length + 1)
          expect(Math.min(line, column, length)).toBeGreaterThanOrEqual(1)
        }
        expect(pipeline?.faulty ?? true).toBe(diagnostics.some(each => each.severity === 'error'))
      }),
      { numRuns: 150 },
    )
  })
})
