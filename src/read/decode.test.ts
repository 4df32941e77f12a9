import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CallFact, EndingFact, IntentFact, OriginFact, SubjectEntry } from '../format/entry.ts'
import { canonicalize } from '../model/canonical.ts'
import type { Json } from '../model/row.ts'
import { DecodeError, decodeLedgerEntry, decodeRunEntry, decodeSubjectEntry, isSubjectBody } from './decode.ts'

const HASH = 'ab'.repeat(32)
const NONCE = 'cd'.repeat(16)
const RUN = '017f22e2-79b0-7cc3-98c4-dc0c0c07398f'

/** The table of format/entry.ts, spelled out once more. */
const originOf = ({ source, index, line, repeats }: OriginFact): Json[] =>
  repeats === null ? [source, index, line] : [source, index, line, repeats]

function encode(entry: SubjectEntry): string {
  const { subject } = entry
  const error = (each: { error: { code: string; value: number } | null }): Json[] =>
    each.error === null ? [] : [each.error.code, each.error.value]
  const facts: { [key: string]: Json } = { o: entry.open, t: entry.time_us }
  if (subject.kind === 'row') facts.r = subject.row
  else facts.b = subject.batch
  if (entry.previous !== null) facts.p = entry.previous
  if (entry.orders !== 0) facts.f = entry.orders
  if (entry.origin !== null) facts.s = originOf(entry.origin)
  const lists: [string, readonly Json[]][] = [
    ['n', entry.births.map(b => (b.group === 0 ? [b.token] : [b.token, b.group, b.ordinal, b.value, ...b.parents]))],
    [
      'v',
      entry.visits.map(v => [
        ...[v.token, v.node, v.attempt, v.status, v.in, v.out, v.edge, v.start_us, v.duration_us],
        ...error(v),
        ...(v.stood_us === 0 ? [] : [v.stood_us]),
      ]),
    ],
    ['h', entry.holds.map(h => [h.token, h.node, h.group, h.ordinal, ...(h.batch === null ? [] : [h.batch])])],
    ['g', entry.groups_opened.map(g => [g.group, g.kind, g.node, g.expected])],
    ['d', entry.groups_closed.map(g => [g.group, g.verdict, g.detail, ...g.members])],
    ['u', entry.timed_out],
    ['l', entry.releases.map(l => [l.token, l.node, l.place])],
    ['e', entry.endings.map(e => [e.token, e.fate, e.node, e.sink, e.group, ...error(e)])],
    ['x', entry.calls.map(callOf)],
    ['y', entry.intents.map(y => [y.token, y.node, y.attempt, y.request, ...togetherOf(y)])],
  ]
  for (const [key, list] of lists) if (list.length > 0) facts[key] = list
  if (entry.commitments.length > 0) {
    facts.c = entry.commitments
    facts.w = entry.first_value
  } else facts.z = entry.nonce
  return canonicalize(facts)
}

function togetherOf({ together }: IntentFact): readonly Json[] {
  return together === null ? [] : [together.first, together.place, together.rows]
}

function callOf(x: CallFact): readonly Json[] {
  const facts = [x.call, x.token, x.node, x.attempt, x.ordinal, x.service, x.status, x.request, x.response]
  const costs = [x.input_tokens, x.output_tokens, x.cost_nusd]
  return [...facts, x.start_us, x.duration_us, ...(costs.every(each => each === 0) ? [] : costs)]
}

const from0 = fc.maxSafeInteger().map(Math.abs)
const from1 = from0.map(n => n || 1)
const code = fc.constantFrom('E', 'A_1', 'X'.repeat(64))
const failure = fc.record({ code, value: from1 })
const few = <T>(each: fc.Arbitrary<T>) => fc.array(each, { maxLength: 3 })
const visit = fc.record({
  ...{
    token: from1,
    node: from1,
    attempt: from1,
    in: from0,
    out: from0,
    edge: from0,
    start_us: fc.maxSafeInteger(),
    duration_us: from0,
    stood_us: fc.oneof(fc.constant(0), from0),
  },
  ending: fc.oneof(
    fc.record({ status: fc.constantFrom(0 as const, 2 as const), error: fc.constant(null) }),
    fc.record({ status: fc.constant(1 as const), error: failure }),
  ),
})
const entry = fc
  .record({
    subject: fc.oneof(
      fc.record({ kind: fc.constant('row' as const), row: from1 }),
      fc.record({ kind: fc.constant('batch' as const), batch: from1 }),
    ),
    time_us: from0,
    previous: fc.option(from0),
    open: from0,
    origin: fc.option(fc.record({ source: from1, index: from1, line: from0, repeats: fc.option(from1) })),
    births: few(
      fc.oneof(
        fc.record({
          token: from1,
          group: fc.constant(0),
          ordinal: fc.constant(0),
          value: fc.constant(1),
          parents: fc.constant([]),
        }),
        fc.record({ token: from1, group: from1, ordinal: from0, value: from1, parents: few(from1) }),
      ),
    ),
    visits: few(visit.map(({ ending, ...rest }) => ({ ...rest, ...ending }))),
    holds: few(fc.record({ token: from1, node: from1, group: from0, ordinal: fc.nat(), batch: fc.option(from1) })),
    releases: few(fc.record({ token: from1, node: from1, place: from1 })),
    groups_opened: few(
      fc.record({ group: from1, kind: fc.constantFrom<0 | 1 | 2 | 3>(0, 1, 2, 3), node: from1, expected: from0 }),
    ),
    groups_closed: few(
      fc.record({ group: from1, verdict: fc.constantFrom('merged', 'count'), detail: from0, members: few(from1) }),
    ),
    timed_out: few(from1),
    endings: few(
      fc
        .record({ token: from1, fate: from1, node: from0, sink: from0, group: from0, error: fc.option(failure) })
        .map(each => each as EndingFact),
    ),
    calls: few(
      fc.record({
        ...{ call: from1, token: from0, node: from1, attempt: from1, ordinal: from1, service: from1 },
        ...{ request: from1, response: from1, status: fc.constantFrom<0 | 1 | 2 | 3>(0, 1, 2, 3) },
        ...{ start_us: fc.integer(), duration_us: from0, input_tokens: from0, output_tokens: from0, cost_nusd: from0 },
      }),
    ),
    intents: few(
      fc.record({
        ...{ token: from1, node: from1, attempt: from1, request: from1 },
        together: fc.option(fc.record({ first: from1, place: from1, rows: from1 })),
      }),
    ),
    orders: from0,
    first_value: from1,
    commitments: few(fc.constant(HASH)),
  })
  .map((each): SubjectEntry => {
    const none = each.commitments.length === 0
    return { ...each, first_value: none ? 0 : each.first_value, nonce: none ? NONCE : null }
  })

const problem = (decode: () => unknown): string => {
  try {
    decode()
  } catch (error) {
    if (error instanceof DecodeError) return error.message
    throw error
  }
  return 'none'
}
const subjectProblem = (body: string) => problem(() => decodeSubjectEntry(7, body))

describe('entries of rows and batches', () => {
  test('say what was encoded', () => {
    fc.assert(
      fc.property(entry, each => {
        const body = encode(each)
        expect(decodeSubjectEntry(7, body)).toEqual(each)
        expect(isSubjectBody(each.subject.kind === 'row' ? each.subject.row : null, body)).toBe(true)
      }),
    )
  })
  test('have one text only: what decodes is what its own encoding gives, whatever is changed', () => {
    fc.assert(
      fc.property(
        entry,
        fc.nat(),
        fc.constantFrom('0', '1', '9', ',', '[', ']', '"', ' ', '-', '.'),
        (each, seed, put) => {
          const body = encode(each)
          const at = seed % body.length
          for (const changed of [
            body.slice(0, at) + put + body.slice(at),
            body.slice(0, at) + put + body.slice(at + 1),
            body.slice(0, at) + body.slice(at + 1),
          ]) {
            let decoded: SubjectEntry
            try {
              decoded = decodeSubjectEntry(7, changed)
            } catch (error) {
              expect(error).toBeInstanceOf(DecodeError)
              continue
            }
            expect(encode(decoded)).toBe(changed)
          }
        },
      ),
      { numRuns: 300 },
    )
  })
  const row = (more: string) => {
    const facts = JSON.parse(`{${more === '' ? '' : `${more},`}"o":0,"r":1,"t":5,"z":"${NONCE}"}`)
    return canonicalize(facts)
  }
  test.each([
    [row(''), 'none'],
    [row('"e":[]'), '`e` is [], not a list with elements'],
    [row('"a":1'), "`a` isn't a key that is known here"],
    [row('"e":[[1,1,3,3]]'), '`e[0]` is [1,1,3,3], not a list of 5 elements or more'],
    [row('"e":[[1,1,3,3,0,"E"]]'), '`e[0]` is [1,1,3,3,0,"E"], not a list of 5 or 7 elements'],
    [row('"e":[[1,1,3,3,0,"e",1]]'), '`e[0][5]` is "e", not an error code'],
    [row('"e":[[0,1,3,3,0]]'), '`e[0][0]` is 0, not a whole number from 1'],
    [row('"n":[[1,2]]'), '`n[0]` is [1,2], not a list of one element, or four or more'],
    [row('"n":[1]'), '`n[0]` is 1, not a list of one element, or four or more'],
    [row('"h":[[1,0,2,0]]'), '`h[0][1]` is 0, not a whole number from 1'],
    [row('"l":[[1,2,0]]'), '`l[0][2]` is 0, not a whole number from 1'],
    [row('"h":[[1,2,3,0,"1"]]'), '`h[0][4]` is "1", not a whole number from 0'],
    [row('"g":[[1,5,2,0]]'), '`g[0][1]` is 5, not a kind of group (0 to 4)'],
    [row('"d":[[1,"Merged"]]'), '`d[0][1]` is "Merged", not a verdict'],
    [row('"d":[[1]]'), '`d[0][1]` is missing, not a verdict'],
    [row('"d":[[1,"count"]]'), '`d[0][2]` is missing, not a whole number from 0'],
    [row('"v":[[1,1,1,0,1,0,0,-5,0]]'), 'none'],
    [row('"v":[[1,1,1,0,1,0,0,0,-5]]'), '`v[0][8]` is -5, not a whole number from 0'],
    [`{"b":1,"o":0,"r":1,"t":5,"z":"${NONCE}"}`, 'its subject is neither a row nor a batch'],
    [`{"o":0,"t":5,"z":"${NONCE}"}`, 'its subject is neither a row nor a batch'],
    [`{"o":0,"r":1.5,"t":5,"z":"${NONCE}"}`, '`r` is 1.5, not a whole number from 1'],
    [`{"o":0,"r":1,"t":5}`, '`z` is missing, not 16 bytes in lower-case hex'],
    [`{"c":["${HASH}"],"o":0,"r":1,"t":5,"w":1,"z":"${NONCE}"}`, '`z` stands beside `c`'],
    [`{"o":0,"r":1,"t":5,"w":1,"z":"${NONCE}"}`, '`w` stands without `c`'],
    [`{"c":["${HASH}"],"o":0,"r":1,"t":5}`, '`w` is missing, not a whole number from 1'],
    [`{"o":0,"r":1,"r":1,"t":5,"z":"${NONCE}"}`, 'its text is not its own canonical re-encoding'],
    [`{"r":1,"o":0,"t":5,"z":"${NONCE}"}`, 'its text is not its own canonical re-encoding'],
    [`{"o":0,"r":9007199254740993,"t":5,"z":"${NONCE}"}`, /^its text is not its own canonical re-encoding/],
    [`{"o":0,"r":9007199254740992,"t":5,"z":"${NONCE}"}`, '`r` is 9007199254740992, not a whole number from 1'],
    [`{"o":-0,"r":1,"t":5,"z":"${NONCE}"}`, 'its text is not its own canonical re-encoding'],
    ['{', 'its text is not JSON'],
    ['[]', '`it` is [], not an object'],
  ])('%s', (body, message) => expect(subjectProblem(body)).toMatch(message))
  test('a visit has an error exactly if its status says so', () => {
    expect(subjectProblem(row('').replace('"z"', '"v":[[1,1,1,1,1,0,0,0,0]],"z"'))).toBe(
      '`v[0]` has status 1 and no error',
    )
    expect(subjectProblem(row('').replace('"z"', '"v":[[1,1,1,0,1,0,0,0,0,"E",1]],"z"'))).toBe(
      '`v[0]` has status 0 and an error',
    )
    expect(subjectProblem(row('').replace('"z"', '"v":[[1,1,1,4,1,0,0,0,0]],"z"'))).toBe(
      '`v[0][3]` is 4, not a status (0 to 3)',
    )
  })
})

const TOTALS = {
  rows: { read: 1, ingested: 1, rejected: 0 },
  tokens: { born: 1, ended: 1, open: 0 },
  groups: 0,
  batches: [[4, 2]],
  endings: [[1, 2, 1]],
  visits: [
    [1, 1, 0, 0],
    [2, 1, 0, 0],
  ],
  edges: [[1, 1]],
}
const RUN_ENTRIES: { [name: string]: { [key: string]: Json } } = {
  open: {
    k: 'open',
    format: 1,
    run: RUN,
    name: 'a',
    plan_hash: HASH,
    topology: {
      nodes: [
        { name: 'in', kind: 'source', plugin: 'csv' },
        { name: 'both', kind: 'fork', branches: ['a', 'b'] },
        { name: 'one', kind: 'coalesce', branches: ['a', 'b'], policy: 'first' },
      ],
      edges: [[1, 'to', 2]],
    },
    custody: '0.1.0',
    plugins: [{ kind: 'sink', name: 'csv', package: 'custody', version: '0.1.0', sha256: HASH }],
    values: { plan: 1, folder: 2, nodes: [{ options: 3 }, {}, { closes: 4 }] },
    t: 5,
  },
  commit: {
    k: 'commit',
    commit: 1,
    cursors: [{ source: 1, records: 1, done: true, bytes: 9, position: 5 }],
    receipts: [{ sink: 2, rows: 1, bytes: 10, hash: 6 }],
    totals: TOTALS,
    open: { count: 2, hash: HASH },
    t: 5,
  },
  stop: { k: 'stop', status: 'failed', reason: 'sink', t: 5 },
  resume: { k: 'resume', epoch: 2, cut: [1], t: 5 },
  publish: { k: 'publish', artifacts: [{ sink: 2, rows: 1, bytes: 10 }], t: 5 },
  seal: {
    k: 'seal',
    status: 'completed',
    totals: TOTALS,
    subjects: { rows: { size: 1, root: HASH }, batches: { size: 0, root: HASH } },
    t: 5,
  },
}
const LEDGER_ENTRIES: { [name: string]: { [key: string]: Json } } = {
  birth: { k: 'birth', format: 1, ledger: RUN, keys: ['name+01234567+AAAA'], signatures: ['name AAAA'], t: 5 },
  opened: { k: 'opened', log: 1, run: RUN, root: HASH, t: 5 },
  sealed: { k: 'sealed', log: 1, run: RUN, size: 9, root: HASH, t: 5 },
  taken_over: { k: 'taken_over', log: 1, run: RUN, epoch: 2, t: 5 },
  moved: { k: 'moved', home: RUN, t: 5 },
  progress: { k: 'progress', log: 1, run: RUN, size: 9, root: HASH, t: 5 },
  erase: {
    k: 'erase',
    log: 1,
    run: RUN,
    values: [
      [3, 5],
      [7, 7, 1, 2],
    ],
    t: 5,
  },
  key: { k: 'key', change: 'add', keys: ['name+01234567+AAAA'], signatures: ['name AAAA'], t: 5 },
}
const decodeRun = (facts: { [key: string]: Json }) => decodeRunEntry(3, canonicalize(facts))
const decodeLedger = (facts: { [key: string]: Json }) => decodeLedgerEntry(3, canonicalize(facts))

describe.each([
  ['the run', RUN_ENTRIES, decodeRun],
  ['log 0', LEDGER_ENTRIES, decodeLedger],
] as const)('entries of %s', (_, entries, decode) => {
  test.each(Object.entries(entries))('%s', (_name, facts) => {
    const decoded = decode({ ...facts, z: NONCE })
    expect('facts' in decoded ? decoded.facts : decoded).toEqual(facts)
    expect(problem(() => decode({ ...facts, z: NONCE, more: 1 }))).toBe("`more` isn't a key that is known here")
    expect(problem(() => decode(facts))).toMatch(/^`z` is missing/)
    for (const key of Object.keys(facts)) {
      const { [key]: _left_out, ...rest } = facts
      expect(problem(() => decode({ ...rest, z: NONCE }))).toMatch(`\`${key}\` is missing`)
      expect(problem(() => decode({ ...facts, [key]: null, z: NONCE }))).toMatch(`\`${key}\` is null`)
    }
  })
})

test('a commit may tell tiles that are full', () => {
  const commit = { ...RUN_ENTRIES.commit!, tiles: [[1, 0, HASH]], z: NONCE }
  expect(decodeRun(commit).facts).toMatchObject({ tiles: [[1, 0, HASH]] })
  expect(problem(() => decodeRun({ ...commit, tiles: [[1, 0]] }))).not.toBe('none')
})

test('a commit tells the order of what is under way: tokens, and where branches were lost', () => {
  const decode = (line: Json) => decodeRun({ ...(RUN_ENTRIES.commit as { [key: string]: Json }), line, z: NONCE })
  const line = [3, [4, 3, 0], 2]
  expect(decode(line)).toMatchObject({ facts: { line } })
  for (const wrong of [[0], [[4, 3]], [[4, 3, 0, 0]], [[4, 3, -1]], [['4', 3, 0]], 3, null])
    expect(problem(() => decode(wrong))).toMatch('`line')
})

test('entries of the run may commit to values, those of log 0 may not', () => {
  expect(decodeRun({ ...RUN_ENTRIES.commit!, c: [HASH], w: 4 })).toMatchObject({
    first_value: 4,
    commitments: [HASH],
    nonce: null,
  })
  expect(problem(() => decodeLedger({ ...LEDGER_ENTRIES.key!, c: [HASH], w: 4 }))).toMatch('`c`')
  expect(isSubjectBody(null, canonicalize(RUN_ENTRIES.commit!))).toBe(false)
  expect(problem(() => decodeRun({ k: 'visits', z: NONCE }))).toMatch('`k` is "visits", not one of open, commit')
})

test('the code of a plugin: a package, its version and a hash, each if it is known', () => {
  const plugin = { kind: 'transform', name: 'mine', sha256: HASH }
  const open = { ...RUN_ENTRIES.open!, z: NONCE }
  for (const each of [plugin, { kind: 'gate', name: 'x', package: 'p' }])
    expect(decodeRun({ ...open, plugins: [each] })).toMatchObject({ facts: { plugins: [each] } })
  expect(decodeRun({ ...RUN_ENTRIES.resume!, plugins: [plugin], z: NONCE })).toMatchObject({
    facts: { plugins: [plugin] },
  })
  for (const wrong of [{ ...plugin, kind: 'fork' }, { ...plugin, sha256: 'x' }, { ...plugin, path: '/home' }, 3])
    expect(problem(() => decodeRun({ ...open, plugins: [wrong] }))).toMatch('plugins')
})
