/** The shapes of entries whose subject is the run, and of those of log 0 (format/entry.ts). */
import type { LineChange, LineMember, LineRun } from '../format/commit-line.ts'
import {
  type CallTuple,
  type CursorFact,
  LEDGER_FORMAT,
  type PublishedFact,
  type ReceiptFact,
  type RunEntry,
  type TotalsFact,
} from '../format/entry.ts'
import type { LedgerEntry } from '../format/ledger-entry.ts'
import type { PluginCode } from '../format/plugin-code.ts'
import type { NodeValues, OpeningValues } from '../format/run-values.ts'
import type { RangeFact } from '../format/split-entry.ts'
import type { SortKey, Topology, TopologyNode } from '../format/topology.ts'
import { isUuid } from '../model/uuid.ts'
import { call } from './decode-call.ts'
import {
  always,
  asObject,
  type Decoder,
  type Decoders,
  flag,
  hex,
  int,
  listOf,
  object,
  oneOf,
  refuse,
  text,
  tuple,
} from './shape.ts'

const uuid: Decoder<string> = (value, where) => {
  if (typeof value !== 'string' || !isUuid(value)) refuse(value, where, 'a UUID in lower case')
  return value
}
const hash = hex(32)

const NODE_KINDS = ['source', 'transform', 'gate', 'fork', 'coalesce', 'aggregate', 'join', 'sort', 'sink'] as const

/** An object with the required keys, and of the others those that are there. */
const withOptional =
  <T>(required: Decoders, optional: Decoders): Decoder<T> =>
  (value, where) => {
    const facts = asObject(value, where)
    const there = Object.entries(optional).filter(([key]) => Object.hasOwn(facts, key))
    // cast: its keys are those, and each was decoded.
    return object({ ...required, ...Object.fromEntries(there) })(value, where) as T
  }
const sortKey = withOptional<SortKey>(
  { field: text(), order: oneOf('asc', 'desc'), nulls: oneOf('first', 'last') },
  { as: oneOf('number') },
)

const topologyNode = withOptional<TopologyNode>(
  { name: text(), kind: oneOf(...NODE_KINDS) },
  {
    plugin: text(),
    branches: listOf(text()),
    policy: text(),
    per: listOf(text()),
    by_value: listOf(int()),
    sort: listOf(sortKey),
    keys: object({ left: listOf(text()), right: listOf(text()) }),
    services: listOf(text()),
    determinism: oneOf('external', 'random'),
    ordered: always,
  },
)
const topologyEdge: Decoder<Topology['edges'][number]> = (value, where) =>
  Array.isArray(value) && value.length === 4
    ? tuple(int(1), text(), int(0), oneOf('left', 'right'))(value, where)
    : tuple(int(1), text(), int(0))(value, where)
const topology: Decoder<Topology> = object({
  nodes: listOf(topologyNode),
  edges: listOf(topologyEdge),
})

const callTotals = object({
  count: int(1),
  error: int(),
  throttled: int(),
  recorded: int(),
  input_tokens: int(),
  output_tokens: int(),
  cost_nusd: int(),
})
const totals = withOptional<TotalsFact>(
  {
    rows: object({ read: int(), ingested: int(), rejected: int() }),
    tokens: object({ born: int(), ended: int(), open: int() }),
    groups: int(),
    batches: listOf(tuple(int(1), int(1))),
    endings: listOf(tuple(int(1), int(), int())),
    visits: listOf(tuple(int(1), int(), int(), int())),
    edges: listOf(tuple(int(1), int())),
  },
  { calls: callTotals, failures: listOf(tuple(int(1), int(), int())) },
)
/** Numbers of values. */
const values = (...keys: readonly string[]): Decoders => Object.fromEntries(keys.map(key => [key, int(1)]))

const cursor = withOptional<CursorFact>(
  { source: int(1), records: int(), done: flag },
  { bytes: int(), ...values('position', 'hash') },
)
const receipt = withOptional<ReceiptFact>({ sink: int(1), rows: int(), bytes: int() }, values('hash', 'state'))
const published = withOptional<PublishedFact>(
  { sink: int(1), rows: int(), bytes: int() },
  { files: int(), ...values('paths', 'contents') },
)
const nodeValues = withOptional<NodeValues>(
  {},
  values('fields', 'expressions', 'options', 'reads', 'closes', 'files', 'path', 'intent'),
)
const openingValues = withOptional<OpeningValues>(
  { ...values('plan', 'folder'), nodes: listOf(nodeValues) },
  values('arguments'),
)
const word = text(/^[a-z0-9_]+$/, 'a declared word')

const inLine: Decoder<LineMember> = (value, where) =>
  Array.isArray(value) ? tuple(int(1), int(1), int())(value, where) : int(1)(value, where)

const run: Decoder<LineRun> = (value, where) => {
  const [behind, ...members] = listOf((each, at) => (each === 0 ? 0 : inLine(each, at)))(value, where)
  if (behind === undefined || members.length === 0 || members.includes(0)) refuse(value, where, 'a run of the line')
  return value as LineRun
}

const moved: Decoder<LineChange> = object({ out: listOf(inLine), in: listOf(run) })

const pluginCode = withOptional<PluginCode>(
  { kind: oneOf('source', 'transform', 'gate', 'aggregate', 'sink'), name: text() },
  { package: text(), version: text(), sha256: hash },
)

const jumps = listOf(tuple(int(), int()))

const commit: Decoder<Extract<RunEntry, { k: 'commit' }>> = (value, where) =>
  withOptional<Extract<RunEntry, { k: 'commit' }>>(
    {
      k: oneOf('commit'),
      commit: int(1),
      cursors: listOf(cursor),
      receipts: listOf(receipt),
      totals,
      open: object({ count: int(), hash }),
      ...lineKey(asObject(value, where)),
      t: int(),
    },
    { ...values('at_risk'), jumps, tiles: listOf(tuple(int(1), int(), hash)) },
  )(value, where)

/** The whole line or what moved, never both. */
function lineKey(facts: { readonly [key: string]: unknown }) {
  if (Object.hasOwn(facts, 'line')) return { line: listOf(inLine) }
  return Object.hasOwn(facts, 'moved') ? { moved } : {}
}

const callTuple: Decoder<CallTuple> = (value, where) => {
  if (call(value ?? null, where).token > 0) refuse(value, where, 'a call of a source')
  // cast: it is made of numbers only.
  return value as CallTuple
}

const treeHead = object({ size: int(), root: hash })
const subjects = object({ rows: treeHead, batches: treeHead })
const range = withOptional<RangeFact>(
  { part: int(1), before: int(), records: int(), line: int(), bytes: int() },
  { files: int() },
)
const dealt = object({ by: text(), epoch: int(1), bytes: int() })

/** By `k`. */
const RUN_ENTRIES: { readonly [K in RunEntry['k']]: Decoder<Extract<RunEntry, { k: K }>> } = {
  open: withOptional(
    {
      k: oneOf('open'),
      format: oneOf(LEDGER_FORMAT),
      run: uuid,
      name: text(),
      plan_hash: hash,
      topology,
      custody: text(),
      plugins: listOf(pluginCode),
      values: openingValues,
      t: int(),
    },
    {
      replays: uuid,
      reruns: object({ run: uuid, root: hash }),
      files: listOf(object({ source: int(1), count: int() })),
      retention_us: int(1),
      splits: int(1),
    },
  ),
  commit,
  stop: withOptional(
    { k: oneOf('stop'), status: oneOf('failed', 'cancelled'), reason: word, t: int() },
    { ...values('error'), jumps },
  ),
  resume: withOptional(
    { k: oneOf('resume'), epoch: int(1), cut: listOf(int(1)), t: int() },
    { plugins: listOf(pluginCode) },
  ),
  file: withOptional(
    {
      ...{ k: oneOf('file'), source: int(1), file: int(1), from: int(1) },
      ...{ records: int(), bytes: int(), done: flag, ...values('name'), t: int() },
    },
    values('position', 'hash'),
  ),
  calls: object({ k: oneOf('calls'), from: int(1), x: listOf(callTuple, 1), t: int() }),
  publish: object({ k: oneOf('publish'), artifacts: listOf(published), t: int() }),
  seal: withOptional(
    {
      k: oneOf('seal'),
      status: oneOf('completed', 'completed_with_failures', 'empty', 'abandoned'),
      totals,
      subjects,
      t: int(),
    },
    { parts: treeHead, ...values('digest') },
  ),
  cut: withOptional(
    { k: oneOf('cut'), source: int(1), ranges: listOf(range), t: int() },
    { whole: int(1), ...values('positions', 'hashes', 'input'), dealt },
  ),
  parts: object({ k: oneOf('parts'), heads: listOf(object({ part: int(1), size: int(1), root: hash }), 1), t: int() }),
  part: object({ k: oneOf('part'), run: uuid, part: int(1), opening: hash, t: int() }),
  close: withOptional({ k: oneOf('close'), totals, subjects, size: int(1), root: hash, t: int() }, values('digest')),
}

/** By `k`. */
const LEDGER_ENTRIES: { readonly [K in LedgerEntry['k']]: Decoder<Extract<LedgerEntry, { k: K }>> } = {
  birth: withOptional(
    {
      ...{ k: oneOf('birth'), format: oneOf(LEDGER_FORMAT), ledger: text(), keys: listOf(text()) },
      ...{ signatures: listOf(text()), t: int() },
    },
    { recovery: listOf(text()), succeeds: object({ ledger: text(), size: int(1), root: hash }) },
  ),
  opened: withOptional({ k: oneOf('opened'), log: int(1), run: uuid, root: hash, t: int() }, { splits: int(1) }),
  sealed: object({ k: oneOf('sealed'), log: int(1), run: uuid, size: int(1), root: hash, t: int() }),
  taken_over: object({ k: oneOf('taken_over'), log: int(1), run: uuid, epoch: int(1), t: int() }),
  progress: object({ k: oneOf('progress'), log: int(1), run: uuid, size: int(2), root: hash, t: int() }),
  erase: object({ k: oneOf('erase'), log: int(1), run: uuid, values: listOf(listOf(int())), t: int() }),
  moved: object({ k: oneOf('moved'), home: uuid, t: int() }),
  key: object({
    k: oneOf('key'),
    change: oneOf('add', 'retire', 'revoke'),
    keys: listOf(text()),
    signatures: listOf(text()),
    t: int(),
  }),
}

export const RUN_ENTRY: Decoder<RunEntry> = byKind<RunEntry>(RUN_ENTRIES)
export const LEDGER_ENTRY: Decoder<LedgerEntry> = byKind<LedgerEntry>(LEDGER_ENTRIES)

function byKind<T>(decoders: { readonly [kind: string]: Decoder<T> }): Decoder<T> {
  return (value, where) => {
    const kind = asObject(value, where).k
    const decode = typeof kind === 'string' && Object.hasOwn(decoders, kind) ? decoders[kind] : undefined
    if (decode === undefined) refuse(kind, 'k', `one of ${Object.keys(decoders).join(', ')}`)
    return decode(value, where)
  }
}
