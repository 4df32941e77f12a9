/**
 * The views for auditors, computed from the stored entries; written once, for each database in its dialect of SQL. A view that is filtered
 * by `run_id` reads that run only, by `row_id` that row only, and by `token_id` the row or batch of that token only: the tables of endings
 * and of open tokens say which one that is.
 *
 * In the texts: `l` is a log of a run, `o` entry 0 of the run's first log (the topology), `e` an entry, `s` an entry of the same subject, `t` a token.
 * What they say of the run as a whole they say of its first log (part 0), all else of each of its logs (view-parts.ts).
 */
import { positionsOf } from '../format/description.ts'
import { CALL_STATUSES, GROUP_KINDS, VISIT_HELD } from '../format/entry.ts'
import { EDGE as EDGE_TUPLE } from '../format/run-entry.ts'
import { LISTS } from '../format/subject-lists.ts'
import { BUFFERED, FATES } from '../model/outcome.ts'
import { VIEW_COLUMNS, type ViewName } from './read-port.ts'
import { idsAmong, selectedOf } from './view-columns.ts'

export interface View {
  readonly columns: readonly string[]
  /** A stable order of its rows within a log. Empty: as stored. */
  readonly order: readonly string[]
  /** The text that is stored. */
  readonly stored: string
  /** What gives rows of each log of a run; of a view without ids, of the run. */
  readonly select: string
  /** What that gives: the columns; of a view with ids `part` is behind the run, and there is no `number`. */
  readonly selected: readonly string[]
}

/** Where something stands in JSON: keys, places in lists, and places that SQL computes. */
export type Path = ReadonlyArray<string | number | { readonly place: string }>

/** Entries of rows, or of batches. */
export interface Subject {
  /** Whether `e` is one. */
  readonly is: string
  /** Finds the other entries of the same subject fast. */
  readonly same: string
  /** As `Dialect.tokenEntries` has them, of such subjects; and what else makes them so. */
  readonly token_entries: string
  readonly and_is: string
}

/** What databases say differently. */
export interface Dialect {
  /** The text of an entry or a payload with that name, as JSON. */
  body(of: string): string
  /** An SQL text, as JSON. */
  parsed(text: string): string
  /** An element that `each` found, as JSON; as a text; as a whole number; its place, from 0. */
  value(of: string): string
  text_value(of: string): string
  whole_value(of: string): string
  place(of: string): string
  /** What stands in JSON, as a whole number; as a text; how many elements a list has. */
  whole(json: string, path: Path): string
  text(json: string, path: Path): string
  size(list: string): string
  /** A value of a payload, as it is stored. */
  stored(path: Path): string
  /** The elements of a list as rows; and what stands in front of it, behind others. */
  each(json: string, path: Path, as: string): string
  readonly comma: string
  /** ISO 8601 with milliseconds, cut. */
  iso(us: string): string
  hex(bytes: string): string
  readonly now_us: string
  /** A text that the views themselves say. */
  word(sql: string): string
  /** The logs of runs, with what the runs open with. */
  readonly runs: string
  /** Their entries, with further conditions. */
  entries(and?: string): string
  /** Entries of the row or batch of a token; what speaks of that token in them is for `ofToken`. */
  tokenEntries(select: (token_entries: string) => string): string
  readonly subjects: readonly [rows: Subject, batches: Subject]
  /** Entries with that name, on their own; those of the same subject, behind others. */
  entry(as: string): string
  others(as: string, same: string): string
  /** The last of the entries that come with `condition`, of those of the log `of` that belong to no row and no batch. */
  last(condition: string, of: string): string
  /** A sum of whole numbers, as one. */
  sum(of: string): string
  /** Whether `of` is of that part. */
  ofPart(of: string, part: number): string
  /** An id of the run for a number in the log `l`. */
  idOf(number: string): string
  /** A column that is the same in all rows of a group. */
  any(column: string): string
  /** Behind the columns: what tells rows that are equal by `order` apart. */
  ties(arm: number, ...more: readonly string[]): string
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

const KIND_FORK = GROUP_KINDS.indexOf('fork')
const KIND_EXPAND = GROUP_KINDS.indexOf('expand')
const KIND_BATCH = GROUP_KINDS.indexOf('batch')
const KIND_JOIN = GROUP_KINDS.indexOf('join')
const BATCH_VERDICTS = `('count', 'max_age', 'when', 'end_of_input')`

/**
 * Of which logs a text gives rows. The first of each run, and the others, with ids of the run; or each, with ids as they are in the log, and with its
 * part behind the run.
 */
type Logs = 'first' | 'others' | 'each'

/** What the views say again and again. */
class Words {
  readonly d: Dialect
  readonly #of: Logs

  constructor(d: Dialect, of: Logs) {
    this.d = d
    this.#of = of
  }

  get first_log(): string {
    return `l.log > 0 AND ${this.d.ofPart('l', 0)}`
  }
  // of views with ids
  get head(): string {
    return this.#of === 'each' ? 'SELECT l.run, l.part' : 'SELECT l.run'
  }
  get logs(): string {
    if (this.#of === 'first') return this.first_log
    return this.#of === 'each' ? 'l.log > 0' : 'l.log > 0 AND l.part > 0'
  }
  ofToken(token: string): string {
    return `${this.logs} AND ${token} = t.token`
  }
  id(number: string): string {
    return this.#of === 'others' ? this.d.idOf(number) : number
  }
  /** Columns of what has the number itself. */
  own(number: string): string {
    return this.#of === 'each' ? '' : `, l.part, ${number}`
  }

  /** An element of a tuple that `each` found. */
  at(of: string, index: number): string {
    return this.d.whole(this.d.value(of), [index])
  }
  textAt(of: string, index: number): string {
    return this.d.text(this.d.value(of), [index])
  }
  field(of: string, ...path: Path): string {
    return this.d.whole(this.d.body(of), path)
  }
  textField(of: string, ...path: Path): string {
    return this.d.text(this.d.body(of), path)
  }
  /** Numbers count from 1; 0 gives NULL. */
  nodeName(number: string, ...what: Path): string {
    const place = `(nullif(${number}, 0) - 1)`
    return this.textField('o', 'topology', 'nodes', { place }, ...(what.length === 0 ? ['name'] : what))
  }
  #edge(number: string, index: number): Path {
    return ['topology', 'edges', { place: `(nullif(${number}, 0) - 1)` }, index]
  }
  edge(number: string, index: number): string {
    return this.field('o', ...this.#edge(number, index))
  }
  edgeLabel(number: string): string {
    return this.textField('o', ...this.#edge(number, EDGE.label))
  }
  target(number: string): string {
    return `CASE ${number} WHEN 0 THEN ${this.d.word(`'discard'`)} ELSE ${this.nodeName(number)} END`
  }
  words(of: string, list: readonly string[]): string {
    return this.d.word(`CASE ${of} ${list.map((each, i) => `WHEN ${i} THEN '${each}'`).join(' ')} END`)
  }
  fates(what: 'outcome' | 'cause'): string {
    return this.d.word(`CASE d.fate ${FATES.map(each => `WHEN ${each.number} THEN '${each[what]}'`).join(' ')} END`)
  }
  /** When an entry was made. */
  time(of: string): string {
    return this.d.iso(this.field(of, 't'))
  }

  ofSubjects(select: (subject: Subject, arm: number) => string): string {
    return this.d.subjects.map(select).join('\nUNION ALL\n')
  }

  /** Commitment of a value by its number, of those of the entry itself. */
  ownCommitment(number: string, of = 'e'): string {
    return this.textField(of, 'c', { place: `(${number} - ${this.field(of, 'w')})` })
  }

  /** The same, of others, too: from the entry itself, or the latest earlier one that reaches so far. */
  commitment(number: string, same: string): string {
    const { d } = this
    const of = (entry: string) => this.ownCommitment(number, entry)
    return `CASE WHEN ${number} = 0 THEN NULL
    WHEN ${number} >= ${this.field('e', 'w')} THEN ${of('e')}
    ELSE (SELECT ${of('s')} FROM ${d.entry('s')}
      WHERE ${same} AND ${this.field('s', 'w')} <= ${number} ORDER BY s.seq DESC LIMIT 1) END`
  }

  /** The group that closes `g`, in an entry of the same subject. */
  closing(what: string, same: string): string {
    const { d } = this
    return `(SELECT ${what} FROM ${d.entry('s')}${d.comma} ${d.each(d.body('s'), ['d'], 'd')}
    WHERE ${same} AND ${this.at('d', CLOSED.group)} = ${this.at('g', OPENED.group)})`
  }

  runWord(what: string, kinds: string, of = 'l'): string {
    return `(SELECT ${what} ${this.d.last(`${this.textField('s', 'k')} IN (${kinds})`, of)})`
  }

  unlessResumed(what: string): string {
    return this.runWord(
      `CASE ${this.textField('s', 'k')} WHEN 'resume' THEN NULL ELSE ${what} END`,
      `'stop', 'resume', 'seal'`,
    )
  }

  /** The group among those that the entry opens which is a fork and bore `b`. */
  forkOf(what: string): string {
    const { d } = this
    return `(SELECT ${what} FROM ${d.each(d.body('e'), ['g'], 'g')}
    WHERE ${this.at('g', OPENED.group)} = ${this.at('b', BIRTH.group)} AND ${this.at('g', OPENED.kind)} = ${KIND_FORK})`
  }

  branchOf(): string {
    const node = { place: `(${this.at('g', OPENED.node)} - 1)` }
    return this.textField('o', 'topology', 'nodes', node, 'branches', { place: this.at('b', BIRTH.ordinal) })
  }
}

// ── the views ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** What splits have read counts until the coordinator has a commit: that comes when all of them are closed. */
function runs(w: Words): string {
  const { d } = w
  const read = w.field('s', 'totals', 'rows', 'read')
  return `SELECT l.run, ${w.textField('o', 'name')},
  coalesce(${w.unlessResumed(w.textField('s', 'status'))},
    CASE WHEN EXISTS (SELECT 1 FROM leases
      WHERE leases.log = l.log AND expires_us > ${d.now_us})
    THEN 'running' ELSE 'interrupted' END),
  ${w.time('o')}, ${w.unlessResumed(w.time('s'))}, ${w.textField('o', 'plan_hash')},
  coalesce(${w.runWord(read, `'commit', 'seal'`)},
    (SELECT ${d.sum(w.runWord(read, `'commit', 'close'`, 'm'))} FROM logs m WHERE m.run = l.run AND m.part > 0), 0)
${d.runs} WHERE ${w.first_log}`
}

function nodes(w: Words): string {
  const { d } = w
  const of = (key: string) => d.text(d.value('n'), [key])
  return `SELECT l.run, ${of('name')}, ${of('kind')}, ${of('plugin')}${d.ties(0, d.place('n'))}
${d.runs}${d.comma} ${d.each(d.body('o'), ['topology', 'nodes'], 'n')} WHERE ${w.first_log}`
}

function edges(w: Words): string {
  const { d } = w
  return `SELECT l.run, ${w.nodeName(w.at('x', EDGE.from))}, ${w.textAt('x', EDGE.label)}, ${w.target(w.at('x', EDGE.to))}${d.ties(0, d.place('x'))}
${d.runs}${d.comma} ${d.each(d.body('o'), ['topology', 'edges'], 'x')} WHERE ${w.first_log}`
}

function rows(w: Words): string {
  return `${w.head}, ${w.id('e.row')}, ${w.nodeName(w.field('e', 's', ORIGIN.source))}, ${w.field('e', 's', ORIGIN.index)}, ${w.textField('e', 'c', 0)}, ${w.time('e')}${w.own('e.row')}
${w.d.entries()} WHERE ${w.logs} AND e.row IS NOT NULL AND ${w.textField('e', 's')} IS NOT NULL`
}

function tokens(w: Words): string {
  const { d } = w
  return d.tokenEntries(
    token_entries => `${w.head}, ${w.id('t.token')}, ${w.id('e.row')}, ${w.forkOf(w.branchOf())}, ${w.id(w.at('b', BIRTH.group))}${w.own('t.token')}
${token_entries}${d.comma} ${d.each(d.body('e'), ['n'], 'b')} WHERE ${w.ofToken(w.at('b', BIRTH.token))}`,
  )
}

/** Tokens born of a batch have its members as parents; births don't repeat them. */
function token_parents(w: Words): string {
  const { d } = w
  const birth = d.each(d.body('e'), ['n'], 'b')
  const own = (
    token_entries: string,
  ) => `${w.head}, ${w.id('t.token')}, ${w.id(d.whole_value('m'))}, ${d.place('m')} - ${BIRTH.parent}
${token_entries}${d.comma} ${birth}${d.comma} ${d.each(d.value('b'), [], 'm')} WHERE ${w.ofToken(w.at('b', BIRTH.token))} AND ${d.place('m')} > ${BIRTH.value}`
  return `${d.tokenEntries(own)}
UNION ALL
${w.head}, ${w.id('t.token')}, ${w.id(d.whole_value('m'))}, ${d.place('m')} - ${CLOSED.member}
${d.subjects[1].token_entries}${d.comma} ${birth}${d.comma} ${d.each(d.body('e'), ['d'], 'd')}${d.comma} ${d.each(d.value('d'), [], 'm')}
WHERE ${w.ofToken(w.at('b', BIRTH.token))} AND e.row IS NULL AND ${w.at('d', CLOSED.group)} = ${w.at('b', BIRTH.group)} AND ${w.textAt('d', CLOSED.verdict)} IN ${BATCH_VERDICTS} AND ${d.place('m')} > ${CLOSED.detail}`
}

function groups(w: Words): string {
  const { d } = w
  const kind = w.at('g', OPENED.kind)
  return w.ofSubjects(
    ({
      is,
      same,
    }) => `${w.head}, ${w.id(w.at('g', OPENED.group))}, ${w.words(kind, GROUP_KINDS)}, ${w.nodeName(w.at('g', OPENED.node))},
  ${w.id('e.row')}, ${w.at('g', OPENED.expected)},
  CASE ${kind} WHEN ${KIND_FORK} THEN 'forked' WHEN ${KIND_EXPAND} THEN 'expanded' WHEN ${KIND_JOIN} THEN 'joined'
    ELSE ${w.closing(w.textAt('d', CLOSED.verdict), same)} END,
  ${w.time('e')},
  CASE WHEN ${kind} IN (${KIND_FORK}, ${KIND_EXPAND}, ${KIND_JOIN}) THEN ${w.time('e')}
    ELSE ${w.closing(w.time('s'), same)} END${w.own(w.at('g', OPENED.group))}
${d.entries()}${d.comma} ${d.each(d.body('e'), ['g'], 'g')} WHERE ${w.logs} AND ${is}`,
  )
}

function token_outcomes(w: Words): string {
  const { d } = w
  const held = `coalesce((SELECT ${w.at('v', VISIT.start)} + ${w.at('v', VISIT.duration)} + coalesce(${w.at('v', HELD_STOOD)}, 0) FROM ${d.each(d.body('e'), ['v'], 'v')}
    WHERE ${w.at('v', VISIT.token)} = ${w.at('h', HOLD.token)} AND ${w.at('v', VISIT.node)} = ${w.at('h', HOLD.node)} AND ${w.at('v', VISIT.status)} = ${VISIT_HELD}), 0)`
  return `${w.head}, ${w.id('d.token')}, ${w.id('d.row')}, ${w.fates('outcome')}, ${w.fates('cause')}, 1, ${w.nodeName('d.node')},
  ${w.nodeName('d.sink')}, ${w.id('d.grp')}, d.error_code, nullif(${d.hex('d.error_hash')}, ''), ${d.iso('d.recorded_us')}${d.ties(0)}
${d.runs} JOIN endings d ON d.log = l.log WHERE ${w.logs}
UNION ALL
${d.tokenEntries(
  token_entries => `${w.head}, ${w.id('t.token')}, ${w.id('e.row')}, ${d.word(`'${BUFFERED}'`)}, NULL, 0, ${w.nodeName(w.at('h', HOLD.node))}, NULL, ${w.id(`nullif(${w.at('h', HOLD.group)}, 0)`)}, NULL, NULL,
  ${d.iso(`${w.field('e', 't')} + ${held}`)}${d.ties(1, 'e.seq', d.place('h'))}
${token_entries}${d.comma} ${d.each(d.body('e'), ['h'], 'h')} WHERE ${w.ofToken(w.at('h', HOLD.token))}`,
)}`
}

/** A held visit that was recorded again is left out: the later record is its end. */
function node_states(w: Words): string {
  const { d } = w
  const of = (element: number) => w.at('v', element)
  const sameVisit = `${w.at('r', VISIT.token)} = ${of(VISIT.token)} AND ${w.at('r', VISIT.node)} = ${of(VISIT.node)} AND ${w.at('r', VISIT.status)} <> ${VISIT_HELD}`
  return w.ofSubjects(
    ({
      same,
      token_entries,
      and_is,
    }) => `${w.head}, ${w.id('t.token')}, ${w.nodeName(of(VISIT.node))}, ${w.nodeName(of(VISIT.node), 'kind')}, ${of(VISIT.attempt)},
  ${w.words(of(VISIT.status), ['ok', 'error', 'held', 'error'])}, ${w.commitment(of(VISIT.in), same)}, ${w.commitment(of(VISIT.out), same)},
  ${d.iso(`${w.field('e', 't')} + ${of(VISIT.start)}`)}, ${of(VISIT.duration)}
${token_entries}${d.comma} ${d.each(d.body('e'), ['v'], 'v')} WHERE ${w.ofToken(of(VISIT.token))}${and_is}
  AND (${of(VISIT.status)} <> ${VISIT_HELD} OR NOT EXISTS (SELECT 1 FROM ${d.entry('s')}${d.comma} ${d.each(d.body('s'), ['v'], 'r')}
    WHERE ${same} AND ${sameVisit}))`,
  )
}

/** Edges that visits left by, and those that tokens were born onto: a fork's branch, a join's `matched`, or the way on of their group's node. */
function routing_events(w: Words): string {
  const { d } = w
  const taken = w.at('v', VISIT.edge)
  const label = `CASE ${w.at('g', OPENED.kind)} WHEN ${KIND_FORK} THEN ${w.branchOf()} WHEN ${KIND_JOIN} THEN ${d.word(`'matched'`)} ELSE ${d.word(`'to'`)} END`
  const left = (
    token_entries: string,
  ) => `${w.head}, ${w.id('t.token')}, ${w.nodeName(w.edge(taken, EDGE.from))}, ${w.edgeLabel(taken)}, ${w.target(w.edge(taken, EDGE.to))}${d.ties(0, 'e.seq', d.place('v'))}
${token_entries}${d.comma} ${d.each(d.body('e'), ['v'], 'v')} WHERE ${w.ofToken(w.at('v', VISIT.token))} AND ${taken} > 0`
  const born = w.ofSubjects(
    (
      { same, token_entries, and_is },
      arm,
    ) => `${w.head}, ${w.id('t.token')}, ${w.nodeName(w.at('g', OPENED.node))}, ${label},
  (SELECT ${w.target(w.at('x', EDGE.to))} FROM ${d.each(d.body('o'), ['topology', 'edges'], 'x')}
    WHERE ${w.at('x', EDGE.from)} = ${w.at('g', OPENED.node)} AND ${w.textAt('x', EDGE.label)} = ${label})${d.ties(1 + arm, 's.seq', d.place('g'))}
${token_entries}${d.comma} ${d.each(d.body('e'), ['n'], 'b')}${d.others('s', same)}${d.comma} ${d.each(d.body('s'), ['g'], 'g')}
WHERE ${w.ofToken(w.at('b', BIRTH.token))}${and_is} AND ${w.at('b', BIRTH.group)} > 0 AND ${w.at('g', OPENED.group)} = ${w.at('b', BIRTH.group)}`,
  )
  return `${d.tokenEntries(left)}
UNION ALL
${born}`
}

/**
 * A batch that was abandoned has no trigger, and the members that it had so far. Its key is its first value, which the entry that opens it
 * commits to.
 */
function batches(w: Words): string {
  const { d } = w
  const { is, same } = d.subjects[1]
  const trigger = `nullif(${w.textAt('d', CLOSED.verdict)}, 'abandoned')`
  return `${w.head}, ${w.id(w.at('g', OPENED.group))}, ${w.nodeName(w.at('g', OPENED.node))}, ${w.closing(trigger, same)},
  ${w.closing(`${d.size(d.value('d'))} - ${CLOSED.member}`, same)},
  CASE WHEN ${w.nodeName(w.at('g', OPENED.node), 'per')} IS NOT NULL
    THEN (SELECT ${d.stored([0, 0])} FROM payloads p WHERE p.log = e.log AND p.seq = e.seq) END${w.own(w.at('g', OPENED.group))}
${d.entries()}${d.comma} ${d.each(d.body('e'), ['g'], 'g')} WHERE ${w.logs} AND ${is} AND ${w.at('g', OPENED.kind)} = ${KIND_BATCH}`
}

function batch_members(w: Words): string {
  const { d } = w
  const verdict = w.textAt('d', CLOSED.verdict)
  return `${w.head}, ${w.id(w.at('d', CLOSED.group))}, ${w.id(d.whole_value('m'))}, ${d.place('m')} - ${CLOSED.member}
${d.entries()}${d.comma} ${d.each(d.body('e'), ['d'], 'd')}${d.comma} ${d.each(d.value('d'), [], 'm')}
WHERE ${w.logs} AND e.row IS NULL AND ${d.place('m')} > ${CLOSED.detail} AND (${verdict} IN ${BATCH_VERDICTS}
  OR (${verdict} = 'abandoned' AND EXISTS (SELECT 1 FROM ${d.entry('s')}${d.comma} ${d.each(d.body('s'), ['g'], 'g')}
    WHERE ${d.subjects[1].same} AND ${w.at('g', OPENED.group)} = ${w.at('d', CLOSED.group)} AND ${w.at('g', OPENED.kind)} = ${KIND_BATCH})))`
}

/** Those of a batch have no token, nor have those of a source. */
function calls(w: Words): string {
  const { d } = w
  const of = (element: number) => w.at('x', element)
  const call = d.each(d.body('e'), ['x'], 'x')
  const service = w.nodeName(of(CALL.node), 'services', { place: `(${of(CALL.service)} - 1)` })
  const facts = (
    token: string,
    committed: (number: string) => string,
  ) => `${w.head}, ${w.id(of(CALL.call))}, ${token}, ${w.nodeName(of(CALL.node))}, ${of(CALL.attempt)},
  ${service}, ${w.words(of(CALL.status), CALL_STATUSES)}, ${of(CALL.duration)},
  ${committed(of(CALL.request))}, ${committed(of(CALL.response))}${w.own(of(CALL.call))}`
  const of_subjects = w.ofSubjects(
    ({ is, same, token_entries, and_is }) => `${facts(w.id('t.token'), number => w.commitment(number, same))}
${token_entries}${d.comma} ${call} WHERE ${w.ofToken(of(CALL.token))}${and_is}
UNION ALL
${facts('NULL', number => w.commitment(number, same))}
${d.entries()}${d.comma} ${call} WHERE ${w.logs} AND ${is} AND ${of(CALL.token)} = 0`,
  )
  return `${of_subjects}
UNION ALL
${facts('NULL', number => w.ownCommitment(number))}
${d.entries(' AND e.row IS NULL AND e.batch IS NULL')}${d.comma} ${call} WHERE ${w.logs}`
}

/**
 * Of sources with lists of files. The name and the hash of one are values of its entry; null where they are erased. Where several splits read of
 * one, each has a hash of what it read, and nobody one of all of it.
 */
function inputs(w: Words): string {
  const { d } = w
  const own = (key: string) => d.stored([{ place: `(${w.field('e', key)} - ${w.field('e', 'w')})` }, 0])
  return `SELECT run, source, file, max(path), ${d.sum('records')}, ${d.sum('bytes')}, CASE count(*) WHEN 1 THEN max(hash) END FROM (
  SELECT l.run AS run, ${w.nodeName(w.field('e', 'source'))} AS source, ${w.field('e', 'file')} AS file, ${own('name')} AS path,
    ${w.field('e', 'records')} AS records, ${w.field('e', 'bytes')} AS bytes, ${own('hash')} AS hash
  ${d.entries(' AND e.row IS NULL AND e.batch IS NULL')} LEFT JOIN payloads p ON p.log = e.log AND p.seq = e.seq
  WHERE l.log > 0 AND ${w.textField('e', 'k')} = 'file'
) AS files GROUP BY run, source, file`
}

/** Paths and contents are lists of one order, and put together by their places: a join of two lists of many files takes the square of them. */
function artifacts(w: Words): string {
  const { d } = w
  /** Elements of a value that each artifact of the latest publish entry names; none where it is erased. `e` is that entry. */
  const of = (key: 'paths' | 'contents', as: string) => {
    const sink = w.nodeName(d.whole(d.value('a'), ['sink']))
    const place = `(${d.whole(d.value('a'), [key])} - ${w.field('e', 'w')})`
    return `SELECT l.run AS run, ${d.place('a')} AS place, ${sink} AS sink, ${d.place('f')} AS file, ${as}
  ${d.entries(` AND e.seq = ${w.runWord('s.seq', `'publish'`)}`)} JOIN payloads p ON p.log = e.log AND p.seq = e.seq${d.comma}
    ${d.each(d.body('e'), ['artifacts'], 'a')}${d.comma} ${d.each(d.body('p'), [{ place }, 0], 'f')}
  WHERE ${w.first_log}`
  }
  const content = d.parsed('max(content)')
  return `SELECT run, ${d.any('sink')}, max(path), ${d.whole(content, ['rows'])}, ${d.whole(content, ['bytes'])}, ${d.text(content, ['sha256'])}${d.ties(0, 'place', 'file')} FROM (
  ${of('paths', `${d.text_value('f')} AS path, NULL AS content`)}
  UNION ALL
  ${of('contents', `NULL AS path, ${d.text_value('f')} AS content`)}
) GROUP BY run, place, file`
}

/** Each view's text, and its order. */
const VIEWS: { readonly [name in ViewName]: readonly [order: string, select: (w: Words) => string] } = {
  runs: ['', runs],
  nodes: ['', nodes],
  edges: ['', edges],
  rows: ['row_id', rows],
  tokens: ['token_id', tokens],
  token_parents: ['token_id ordinal', token_parents],
  groups: ['group_id', groups],
  token_outcomes: ['token_id is_terminal recorded_at', token_outcomes],
  node_states: ['token_id started_at node attempt', node_states],
  routing_events: ['token_id', routing_events],
  batches: ['batch_id', batches],
  batch_members: ['batch_id ordinal', batch_members],
  calls: ['call_id', calls],
  inputs: ['source file', inputs],
  artifacts: ['sink', artifacts],
}

export type Views = { readonly [name in ViewName]: View }

export function viewsIn(dialect: Dialect): Views {
  const words = (of: Logs) => new Words(dialect, of)
  const all = Object.entries(VIEWS).map(([name, [order, select]]): [string, View] => {
    // cast: the names are those of VIEWS.
    const columns = Object.keys(VIEW_COLUMNS[name as ViewName])
    const logs: readonly Logs[] = idsAmong(columns).length === 0 ? ['first'] : ['first', 'others']
    const view = {
      columns,
      order: order === '' ? [] : order.split(' '),
      stored: logs.map(each => select(words(each))).join('\nUNION ALL\n'),
      select: select(words('each')),
      selected: selectedOf(columns),
    }
    return [name, view]
  })
  // cast: the names are those of VIEWS.
  return Object.fromEntries(all) as Views
}
