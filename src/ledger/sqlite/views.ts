/**
 * The views for auditors, computed from the stored entries. They use nothing that SQLite 3.40
 * lacks. A view that is filtered by `run_id` reads that run only, by `row_id` that row only, and by `token_id` the row or batch of that
 * token only: the tables of endings and of open tokens say which one that is. SQLite chooses so because of the sizes in schema.ts.
 *
 * In the texts: `l` is the run's log, `o` its entry 0 (the topology), `e` an entry, `s` an entry of the same subject, `t` a token.
 */
import { positionsOf } from '../../format/description.ts'
import { CALL_STATUSES, GROUP_KINDS, VISIT_HELD } from '../../format/entry.ts'
import { EDGE as EDGE_TUPLE } from '../../format/run-entry.ts'
import { LISTS } from '../../format/subject-entry.ts'
import { BUFFERED, FATES } from '../../model/outcome.ts'
import { VIEW_COLUMNS, type ViewName } from '../read-port.ts'

interface View {
  readonly columns: readonly string[]
  /** A stable order of its rows within a run. Empty: as stored. */
  readonly order: readonly string[]
  readonly select: string
}

// ── where elements stand in lists of entries ────────────────────────────────────────────────────────────────────────

const CLOSED = positionsOf(LISTS.d)
const OPENED = positionsOf(LISTS.g)
const HOLD = positionsOf(LISTS.h)
const BIRTH = positionsOf(LISTS.n)
const ORIGIN = positionsOf(LISTS.s)
const VISIT = positionsOf(LISTS.v)
const CALL = positionsOf(LISTS.x)
const EDGE = positionsOf(EDGE_TUPLE)
/** A visit that is held has met no error: what comes first behind it is for how long the clock stood. */
const HELD_STOOD = VISIT.code

// ── words of the texts ──────────────────────────────────────────────────────────────────────────────────────────────

const at = (of: string, index: number) => `json_extract(${of}.value, '$[${index}]')`
const keyAt = (of: string, key: string) => `json_extract(${of}.value, '$.${key}')`
const field = (of: string, path: string) => `json_extract(${of}.body, '$.${path}')`
const element = (of: string, list: string, index: string, path: string) =>
  `json_extract(${of}.body, '$.${list}[' || (${index}) || ']${path}')`
/** Numbers count from 1; 0 gives NULL. */
const nodeName = (number: string, what = 'name') =>
  element('o', 'topology.nodes', `nullif(${number}, 0) - 1`, `.${what}`)
const edge = (number: string, index: number) => element('o', 'topology.edges', `nullif(${number}, 0) - 1`, `[${index}]`)
const target = (number: string) => `CASE ${number} WHEN 0 THEN 'discard' ELSE ${nodeName(number)} END`
/** ISO 8601 with milliseconds, cut. Rounding is avoided by whole milliseconds. */
const iso = (us: string) => `strftime('%Y-%m-%dT%H:%M:%fZ', (${us}) / 1000 / 1000.0, 'unixepoch')`
const words = (of: string, list: readonly string[]) =>
  `CASE ${of} ${list.map((each, i) => `WHEN ${i} THEN '${each}'`).join(' ')} END`

const RUN = `FROM logs l JOIN entries o ON o.log = l.log AND o.seq = 0`
const ENTRIES = `${RUN} JOIN entries e ON e.log = l.log`
/** Entries of the row or batch of a token; what speaks of that token in them is for `ofToken`. */
const TOKEN_ENTRIES = `${RUN}
JOIN (SELECT log, token, row, batch FROM endings UNION ALL SELECT log, token, row, batch FROM open_tokens) t ON t.log = l.log
JOIN entries e ON e.log = t.log AND e.row IS t.row AND e.batch IS t.batch`
const ofToken = (token: string) => `l.log > 0 AND ${token} = t.token`
/** Entries of the run. */
const RUN_ENTRY = `s.log = l.log AND s.row IS NULL AND s.batch IS NULL`

/** Entries of rows and of batches, each with a condition that finds the other entries of the same subject fast. */
const SUBJECTS = [
  { is: `e.row IS NOT NULL`, same: `s.log = e.log AND s.row = e.row` },
  {
    is: `e.row IS NULL AND e.batch IS NOT NULL`,
    same: `s.log = e.log AND s.row IS NULL AND s.batch = e.batch`,
  },
]
const ofSubjects = (select: (subject: { is: string; same: string }) => string) =>
  SUBJECTS.map(select).join('\nUNION ALL\n')

/** Commitment of a value by its number: from the entry itself, or the latest earlier one that reaches so far. */
const commitment = (number: string, same: string) => `CASE WHEN ${number} = 0 THEN NULL
    WHEN ${number} >= ${field('e', 'w')} THEN ${element('e', 'c', `${number} - ${field('e', 'w')}`, '')}
    ELSE (SELECT ${element('s', 'c', `${number} - ${field('s', 'w')}`, '')} FROM entries s
      WHERE ${same} AND ${field('s', 'w')} <= ${number} ORDER BY s.seq DESC LIMIT 1) END`

const KIND_FORK = GROUP_KINDS.indexOf('fork')
const KIND_EXPAND = GROUP_KINDS.indexOf('expand')
const KIND_BATCH = GROUP_KINDS.indexOf('batch')
const KIND_JOIN = GROUP_KINDS.indexOf('join')
const BATCH_VERDICTS = `('count', 'max_age', 'when', 'end_of_input')`

const fates = (what: 'outcome' | 'cause') =>
  `CASE d.fate ${FATES.map(each => `WHEN ${each.number} THEN '${each[what]}'`).join(' ')} END`

/** The group that closes `g`, in an entry of the same subject. */
const closing = (what: string, same: string) => `(SELECT ${what} FROM entries s, json_each(s.body, '$.d') d
    WHERE ${same} AND ${at('d', CLOSED.group)} = ${at('g', OPENED.group)})`

// ── the views ───────────────────────────────────────────────────────────────────────────────────────────────────────

const runWord = (what: string, kinds: string) => `(SELECT ${what} FROM entries s
    WHERE ${RUN_ENTRY} AND ${field('s', 'k')} IN (${kinds}) ORDER BY s.seq DESC LIMIT 1)`
const unlessResumed = (what: string) =>
  runWord(`CASE ${field('s', 'k')} WHEN 'resume' THEN NULL ELSE ${what} END`, `'stop', 'resume', 'seal'`)

const runs = `SELECT l.run, ${field('o', 'name')},
  coalesce(${unlessResumed(field('s', 'status'))},
    CASE WHEN EXISTS (SELECT 1 FROM leases
      WHERE leases.log = l.log AND expires_us > (julianday('now') - 2440587.5) * 86400000000.0)
    THEN 'running' ELSE 'interrupted' END),
  ${iso(field('o', 't'))}, ${unlessResumed(iso(field('s', 't')))}, ${field('o', 'plan_hash')},
  coalesce(${runWord(field('s', 'totals.rows.read'), `'commit', 'seal'`)}, 0)
${RUN} WHERE l.log > 0 AND l.part = 0`

const nodes = `SELECT l.run, json_extract(n.value, '$.name'), json_extract(n.value, '$.kind'), json_extract(n.value, '$.plugin')
${RUN}, json_each(o.body, '$.topology.nodes') n WHERE l.log > 0`

const edges = `SELECT l.run, ${nodeName(at('x', EDGE.from))}, ${at('x', EDGE.label)}, ${target(at('x', EDGE.to))}
${RUN}, json_each(o.body, '$.topology.edges') x WHERE l.log > 0`

const rows = `SELECT l.run, e.row, ${nodeName(field('e', `s[${ORIGIN.source}]`))}, ${field('e', `s[${ORIGIN.index}]`)}, ${field('e', 'c[0]')}, ${iso(field('e', 't'))}
${ENTRIES} WHERE l.log > 0 AND e.row IS NOT NULL AND ${field('e', 's')} IS NOT NULL`

/** The group among those that the entry opens which is a fork and bore `b`. */
const forkOf = (what: string) => `(SELECT ${what} FROM json_each(e.body, '$.g') g
    WHERE ${at('g', OPENED.group)} = ${at('b', BIRTH.group)} AND ${at('g', OPENED.kind)} = ${KIND_FORK})`
const branchOf = element(
  'o',
  'topology.nodes',
  `${at('g', OPENED.node)} - 1`,
  `.branches[' || ${at('b', BIRTH.ordinal)} || ']`,
)

const tokens = `SELECT l.run, t.token, e.row, ${forkOf(branchOf)}, ${at('b', BIRTH.group)}
${TOKEN_ENTRIES}, json_each(e.body, '$.n') b WHERE ${ofToken(at('b', BIRTH.token))}`

/** Tokens born of a batch have its members as parents; births don't repeat them. */
const token_parents = `SELECT l.run, t.token, m.value, m.key - ${BIRTH.parent}
${TOKEN_ENTRIES}, json_each(e.body, '$.n') b, json_each(b.value) m WHERE ${ofToken(at('b', BIRTH.token))} AND m.key > ${BIRTH.value}
UNION ALL
SELECT l.run, t.token, m.value, m.key - ${CLOSED.member}
${TOKEN_ENTRIES}, json_each(e.body, '$.n') b, json_each(e.body, '$.d') d, json_each(d.value) m
WHERE ${ofToken(at('b', BIRTH.token))} AND e.row IS NULL AND ${at('d', CLOSED.group)} = ${at('b', BIRTH.group)} AND ${at('d', CLOSED.verdict)} IN ${BATCH_VERDICTS} AND m.key > ${CLOSED.detail}`

const groups = ofSubjects(
  ({
    is,
    same,
  }) => `SELECT l.run, ${at('g', OPENED.group)}, ${words(at('g', OPENED.kind), GROUP_KINDS)}, ${nodeName(at('g', OPENED.node))},
  e.row, ${at('g', OPENED.expected)},
  CASE ${at('g', OPENED.kind)} WHEN ${KIND_FORK} THEN 'forked' WHEN ${KIND_EXPAND} THEN 'expanded' WHEN ${KIND_JOIN} THEN 'joined'
    ELSE ${closing(at('d', CLOSED.verdict), same)} END,
  ${iso(field('e', 't'))},
  CASE WHEN ${at('g', OPENED.kind)} IN (${KIND_FORK}, ${KIND_EXPAND}, ${KIND_JOIN}) THEN ${iso(field('e', 't'))}
    ELSE ${closing(iso(field('s', 't')), same)} END
${ENTRIES}, json_each(e.body, '$.g') g WHERE l.log > 0 AND ${is}`,
)

const token_outcomes = `SELECT l.run, d.token, d.row, ${fates('outcome')}, ${fates('cause')}, 1, ${nodeName('d.node')},
  ${nodeName('d.sink')}, d.grp, d.error_code, nullif(lower(hex(d.error_hash)), ''), ${iso('d.recorded_us')}
${RUN} JOIN endings d ON d.log = l.log WHERE l.log > 0
UNION ALL
SELECT l.run, t.token, e.row, '${BUFFERED}', NULL, 0, ${nodeName(at('h', HOLD.node))}, NULL, nullif(${at('h', HOLD.group)}, 0), NULL, NULL,
  ${iso(`${field('e', 't')} + coalesce((SELECT ${at('v', VISIT.start)} + ${at('v', VISIT.duration)} + coalesce(${at('v', HELD_STOOD)}, 0) FROM json_each(e.body, '$.v') v
    WHERE ${at('v', VISIT.token)} = ${at('h', HOLD.token)} AND ${at('v', VISIT.node)} = ${at('h', HOLD.node)} AND ${at('v', VISIT.status)} = ${VISIT_HELD}), 0)`)}
${TOKEN_ENTRIES}, json_each(e.body, '$.h') h WHERE ${ofToken(at('h', HOLD.token))}`

/** A held visit that was recorded again is left out: the later record is its end. */
const node_states = ofSubjects(
  ({
    is,
    same,
  }) => `SELECT l.run, t.token, ${nodeName(at('v', VISIT.node))}, ${nodeName(at('v', VISIT.node), 'kind')}, ${at('v', VISIT.attempt)},
  ${words(at('v', VISIT.status), ['ok', 'error', 'held', 'error'])}, ${commitment(at('v', VISIT.in), same)}, ${commitment(at('v', VISIT.out), same)},
  ${iso(`${field('e', 't')} + ${at('v', VISIT.start)}`)}, ${at('v', VISIT.duration)}
${TOKEN_ENTRIES}, json_each(e.body, '$.v') v WHERE ${ofToken(at('v', VISIT.token))} AND ${is}
  AND (${at('v', VISIT.status)} <> ${VISIT_HELD} OR NOT EXISTS (SELECT 1 FROM entries s, json_each(s.body, '$.v') r
    WHERE ${same} AND ${at('r', VISIT.token)} = ${at('v', VISIT.token)} AND ${at('r', VISIT.node)} = ${at('v', VISIT.node)} AND ${at('r', VISIT.status)} <> ${VISIT_HELD}))`,
)

const birthLabel = `CASE ${at('g', OPENED.kind)} WHEN ${KIND_FORK} THEN ${branchOf} WHEN ${KIND_JOIN} THEN 'matched' ELSE 'to' END`
/** Edges that visits left by, and those that tokens were born onto: a fork's branch, a join's `matched`, or the way on of their group's node. */
const routing_events = `SELECT l.run, t.token, ${nodeName(edge(at('v', VISIT.edge), EDGE.from))}, ${edge(at('v', VISIT.edge), EDGE.label)}, ${target(edge(at('v', VISIT.edge), EDGE.to))}
${TOKEN_ENTRIES}, json_each(e.body, '$.v') v WHERE ${ofToken(at('v', VISIT.token))} AND ${at('v', VISIT.edge)} > 0
UNION ALL
${ofSubjects(
  ({ is, same }) => `SELECT l.run, t.token, ${nodeName(at('g', OPENED.node))}, ${birthLabel},
  (SELECT ${target(at('x', EDGE.to))} FROM json_each(o.body, '$.topology.edges') x
    WHERE ${at('x', EDGE.from)} = ${at('g', OPENED.node)} AND ${at('x', EDGE.label)} = ${birthLabel})
${TOKEN_ENTRIES}, json_each(e.body, '$.n') b JOIN entries s ON ${same}, json_each(s.body, '$.g') g
WHERE ${ofToken(at('b', BIRTH.token))} AND ${is} AND ${at('b', BIRTH.group)} > 0 AND ${at('g', OPENED.group)} = ${at('b', BIRTH.group)}`,
)}`

/**
 * A batch that was abandoned has no trigger, and the members that it had so far. Its key is its first value, which the entry that opens it
 * commits to.
 */
const batches = `SELECT l.run, ${at('g', OPENED.group)}, ${nodeName(at('g', OPENED.node))}, ${closing(`nullif(${at('d', CLOSED.verdict)}, 'abandoned')`, SUBJECTS[1]!.same)},
  ${closing(`json_array_length(d.value) - ${CLOSED.member}`, SUBJECTS[1]!.same)},
  CASE WHEN ${nodeName(at('g', OPENED.node), 'per')} IS NOT NULL
    THEN (SELECT json_extract(p.body, '$[0][0]') FROM payloads p WHERE p.log = e.log AND p.seq = e.seq) END
${ENTRIES}, json_each(e.body, '$.g') g WHERE l.log > 0 AND ${SUBJECTS[1]!.is} AND ${at('g', OPENED.kind)} = ${KIND_BATCH}`

const batch_members = `SELECT l.run, ${at('d', CLOSED.group)}, m.value, m.key - ${CLOSED.member}
${ENTRIES}, json_each(e.body, '$.d') d, json_each(d.value) m
WHERE l.log > 0 AND e.row IS NULL AND m.key > ${CLOSED.detail} AND (${at('d', CLOSED.verdict)} IN ${BATCH_VERDICTS}
  OR (${at('d', CLOSED.verdict)} = 'abandoned' AND EXISTS (SELECT 1 FROM entries s, json_each(s.body, '$.g') g
    WHERE ${SUBJECTS[1]!.same} AND ${at('g', OPENED.group)} = ${at('d', CLOSED.group)} AND ${at('g', OPENED.kind)} = ${KIND_BATCH})))`

/** Those of a batch have no token. */
const calls = ofSubjects(({ is, same }) => {
  const facts = (
    token: string,
  ) => `SELECT l.run, ${at('x', CALL.call)}, ${token}, ${nodeName(at('x', CALL.node))}, ${at('x', CALL.attempt)},
  ${nodeName(at('x', CALL.node), `services[' || (${at('x', CALL.service)} - 1) || ']`)}, ${words(at('x', CALL.status), CALL_STATUSES)}, ${at('x', CALL.duration)},
  ${commitment(at('x', CALL.request), same)}, ${commitment(at('x', CALL.response), same)}`
  return `${facts('t.token')}
${TOKEN_ENTRIES}, json_each(e.body, '$.x') x WHERE ${ofToken(at('x', CALL.token))} AND ${is}
UNION ALL
${facts('NULL')}
${ENTRIES}, json_each(e.body, '$.x') x WHERE l.log > 0 AND ${is} AND ${at('x', CALL.token)} = 0`
})

const ownValue = (key: string) => `json_extract(p.body, '$[' || (${field('e', key)} - ${field('e', 'w')}) || '][0]')`
/** Of sources with lists of files. The name and the hash of one are values of its entry; null where they are erased. */
const inputs = `SELECT l.run, ${nodeName(field('e', 'source'))}, ${field('e', 'file')}, ${ownValue('name')},
  ${field('e', 'records')}, ${field('e', 'bytes')}, ${ownValue('hash')}
${ENTRIES} AND e.row IS NULL AND e.batch IS NULL LEFT JOIN payloads p ON p.log = e.log AND p.seq = e.seq
WHERE l.log > 0 AND ${field('e', 'k')} = 'file'`

/** Elements of a value that each artifact of the latest publish entry names; none where it is erased. `e` is that entry. */
const ofArtifacts = (
  key: 'paths' | 'contents',
  as: string,
) => `SELECT l.run AS run, a.key AS place, ${nodeName(keyAt('a', 'sink'))} AS sink, f.key AS file, ${as}
  ${ENTRIES} AND e.seq = ${runWord('s.seq', `'publish'`)} JOIN payloads p ON p.log = e.log AND p.seq = e.seq,
    json_each(e.body, '$.artifacts') a, json_each(p.body, '$[' || (${keyAt('a', key)} - ${field('e', 'w')}) || '][0]') f
  WHERE l.log > 0`
const content = (what: string) => `json_extract(max(content), '$.${what}')`
/** Paths and contents are lists of one order, and put together by their places: a join of two lists of many files takes the square of them. */
const artifacts = `SELECT run, sink, max(path), ${content('rows')}, ${content('bytes')}, ${content('sha256')} FROM (
  ${ofArtifacts('paths', 'f.value AS path, NULL AS content')}
  UNION ALL
  ${ofArtifacts('contents', 'NULL AS path, f.value AS content')}
) GROUP BY run, place, file`

const view = (name: ViewName, order: string, select: string): View => ({
  columns: Object.keys(VIEW_COLUMNS[name]),
  order: order === '' ? [] : order.split(' '),
  select,
})

export const VIEWS: { readonly [name in ViewName]: View } = {
  runs: view('runs', '', runs),
  nodes: view('nodes', '', nodes),
  edges: view('edges', '', edges),
  rows: view('rows', 'row_id', rows),
  tokens: view('tokens', 'token_id', tokens),
  token_parents: view('token_parents', 'token_id ordinal', token_parents),
  groups: view('groups', 'group_id', groups),
  token_outcomes: view('token_outcomes', 'token_id is_terminal recorded_at', token_outcomes),
  node_states: view('node_states', 'token_id started_at node attempt', node_states),
  routing_events: view('routing_events', 'token_id', routing_events),
  batches: view('batches', 'batch_id', batches),
  batch_members: view('batch_members', 'batch_id ordinal', batch_members),
  calls: view('calls', 'call_id', calls),
  inputs: view('inputs', 'source file', inputs),
  artifacts: view('artifacts', 'sink', artifacts),
}

export function viewStatements(): readonly string[] {
  return Object.entries(VIEWS).map(
    ([name, { columns, select }]) => `CREATE VIEW ${name} (${columns.map(quoted).join(', ')}) AS\n${select}`,
  )
}

/** Some columns are words of SQL. */
export function quoted(name: string): string {
  return `"${name}"`
}
