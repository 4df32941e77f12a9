/**
 * Entries whose subject is the run, and those of log 0, described: by kind their keys, with shape and meaning. The tables in sections 4
 * and 7 of docs/ledger-format.md are made from it, encoder and decoders tested against it (test/entry-shapes.test.ts).
 */
import {
  below,
  counted,
  either,
  FLAG,
  HASH,
  type Key,
  key,
  listOf,
  maybe,
  objectOf,
  oneOf,
  orNone,
  tail,
  text,
  tupleOf,
  UUID,
  WORD,
  whole,
} from './description.ts'
import { LEDGER_FORMAT, type RunEntry } from './entry.ts'
import type { LedgerEntry } from './ledger-entry.ts'
import { LISTS } from './subject-lists.ts'

type KeysOf<T> = T extends unknown ? Exclude<keyof T, 'k'> : never
type MayLack<T, K> = T extends unknown ? (K extends keyof T ? (undefined extends T[K] ? true : false) : true) : never

export interface EntryKind {
  /** All keys but `k`, and but `c`, `w` and `z`; in the order of the page. */
  readonly keys: { readonly [key: string]: Key }
  /** At most one of these is there. */
  readonly never_both?: readonly [string, string]
  /** For the page, behind the keys. */
  readonly says?: string
}

/** That of the entries of type `T`: all of its keys, those optional that it may lack. */
interface KindOf<T> extends EntryKind {
  readonly keys: { readonly [K in KeysOf<T>]: Key<MayLack<T, K> extends false ? false : true> }
}

const T = key(whole('time', 0))
const VALUE = whole('value')
const CURSOR = objectOf({
  ...{ source: key(whole('node')), records: key(counted()), done: key(FLAG), bytes: maybe(counted()) },
  ...{ position: maybe(VALUE), hash: maybe(VALUE) },
})
const RECEIPT = objectOf({
  ...{ sink: key(whole('node')), rows: key(counted()), bytes: key(counted()) },
  ...{ hash: maybe(VALUE), state: maybe(VALUE) },
})
const PUBLISHED = objectOf({
  ...{ sink: key(whole('node')), rows: key(counted()), bytes: key(counted()), files: maybe(counted()) },
  ...{ paths: maybe(VALUE), contents: maybe(VALUE) },
})
const OPENING_VALUES = objectOf({
  ...{ plan: key(VALUE), folder: key(VALUE), arguments: maybe(VALUE) },
  nodes: key(
    listOf(
      objectOf({
        ...{ fields: maybe(VALUE), expressions: maybe(VALUE), options: maybe(VALUE), reads: maybe(VALUE) },
        ...{ closes: maybe(VALUE), files: maybe(VALUE), path: maybe(VALUE), intent: maybe(VALUE) },
      }),
    ),
  ),
})
/** One of a row has a token. */
const SOURCE_CALL = {
  ...LISTS.x,
  elements: LISTS.x.elements.map(each => (each.name === 'token' ? { ...each, is: whole('token', 0, 0) } : each)),
}
const TREE_HEAD = objectOf({ size: key(counted()), root: key(HASH) })
const SUBJECTS = objectOf({ rows: key(TREE_HEAD), batches: key(TREE_HEAD) })
const JUMPS = maybe(listOf(tupleOf({ from: whole('time', 0), to: whole('time', 0) })), 'if there are any')

const PLUGIN = objectOf({
  kind: key(oneOf('source', 'transform', 'gate', 'aggregate', 'sink')),
  name: key(text()),
  package: maybe(text()),
  version: maybe(text()),
  sha256: maybe(HASH),
})

/** Of the topology. */
export const EDGE = tupleOf(
  { from: whole('node'), label: text(), to: orNone('node') },
  { tails: [tail({ side: oneOf('left', 'right') }, 'into a join')] },
)

export const TOPOLOGY = objectOf({
  nodes: key(
    listOf(
      objectOf({
        name: key(text()),
        kind: key(oneOf('source', 'transform', 'gate', 'fork', 'coalesce', 'aggregate', 'join', 'sort', 'sink')),
        plugin: maybe(text()),
        branches: maybe(listOf(text())),
        policy: maybe(text()),
        per: maybe(listOf(text())),
        keys: maybe(objectOf({ left: key(listOf(text())), right: key(listOf(text())) })),
        by_value: maybe(listOf(counted())),
        sort: maybe(
          listOf(
            objectOf({
              field: key(text()),
              order: key(oneOf('asc', 'desc')),
              nulls: key(oneOf('first', 'last')),
              as: maybe(oneOf('number')),
            }),
          ),
        ),
        services: maybe(listOf(text())),
        determinism: maybe(oneOf('external', 'random')),
        ordered: maybe(oneOf(true)),
      }),
    ),
  ),
  edges: key(listOf(EDGE)),
})

export const TOTALS = objectOf({
  rows: key(objectOf({ read: key(counted()), ingested: key(counted()), rejected: key(counted()) })),
  tokens: key(objectOf({ born: key(counted()), ended: key(counted()), open: key(counted()) })),
  groups: key(counted()),
  batches: key(listOf(tupleOf({ aggregate: whole('node'), count: counted(1) }))),
  endings: key(listOf(tupleOf({ fate: whole('outcome'), sink: orNone('node'), count: counted() }))),
  visits: key(listOf(tupleOf({ node: whole('node'), ok: counted(), error: counted(), held: counted() }))),
  edges: key(listOf(tupleOf({ edge: whole('edge'), count: counted() }))),
  calls: maybe(
    objectOf({
      ...{ count: key(counted(1)), error: key(counted()), throttled: key(counted()), recorded: key(counted()) },
      ...{ input_tokens: key(counted()), output_tokens: key(counted()), cost_nusd: key(whole('nusd', 0)) },
    }),
  ),
  failures: maybe(listOf(tupleOf({ source: whole('node'), rejected: counted(), failed: counted() }))),
})

const BRANCH = tupleOf({ fork: whole('group'), coalesce: whole('node'), branch: whole('place', 0) })
const MEMBER = either(whole('token'), BRANCH)
const MOVED = objectOf({
  out: key(listOf(MEMBER)),
  in: key(
    listOf(
      tupleOf({ behind: either(orNone('token'), BRANCH), member: MEMBER }, { rest: { name: 'member', is: MEMBER } }),
    ),
  ),
})

/** By `k`. Each has `c` and `w`, or `z`, as entries of rows and batches have. */
export const RUN_ENTRIES: { readonly [K in RunEntry['k']]: KindOf<Extract<RunEntry, { k: K }>> } = {
  open: {
    keys: {
      format: key(oneOf(LEDGER_FORMAT)),
      run: key(UUID),
      name: key(text()),
      plan_hash: key(HASH),
      topology: below(key(TOPOLOGY)),
      custody: key(text(), 'version'),
      plugins: below(key(listOf(PLUGIN))),
      replays: maybe(UUID, 'the run whose recorded answers calls are given, if it replays one'),
      reruns: maybe(
        objectOf({ run: key(UUID), root: key(HASH) }),
        'the run whose rows it repeats, and the root of its finished log, if it re-runs one',
      ),
      files: maybe(
        listOf(objectOf({ source: key(whole('node')), count: key(counted()) })),
        'how many files each source has that has a list of them, if one has',
      ),
      retention_us: maybe(counted(1), 'for how long its values are to be kept, in microseconds, if that was said'),
      splits: below(maybe(counted(1), 'how many splits it has, if it has some')),
      values: key(OPENING_VALUES),
      t: T,
    },
  },
  commit: {
    keys: {
      commit: key(counted(1), 'from 1'),
      cursors: key(listOf(CURSOR)),
      receipts: key(listOf(RECEIPT)),
      totals: below(key(TOTALS)),
      at_risk: maybe(VALUE, 'a value, if calls may cost something of which nothing is on record'),
      open: key(objectOf({ count: key(counted()), hash: key(HASH) })),
      line: below(maybe(listOf(MEMBER))),
      moved: below(maybe(MOVED)),
      jumps: below(JUMPS),
      tiles: below(
        maybe(listOf(tupleOf({ tree: whole('choice'), index: whole('place', 0), root: HASH })), 'if there are any'),
      ),
      t: T,
    },
    never_both: ['line', 'moved'],
  },
  stop: {
    keys: {
      status: key(oneOf('failed', 'cancelled')),
      reason: key(WORD, 'a word'),
      error: maybe(VALUE, 'a value, if there was one'),
      jumps: below(JUMPS),
      t: T,
    },
  },
  resume: {
    keys: {
      epoch: key(counted(1)),
      cut: key(listOf(whole('node')), 'numbers of sources'),
      plugins: below(maybe(listOf(PLUGIN), "those whose code isn't what was on record before, if there are any")),
      t: T,
    },
  },
  file: {
    keys: {
      source: key(whole('node')),
      file: key(whole('place'), 'its place on the list of the source'),
      from: key(whole('place'), 'number of its first record within the source'),
      records: key(counted()),
      bytes: key(counted()),
      done: key(FLAG, 'whether it was read to its end'),
      name: key(VALUE, 'a value'),
      position: maybe(VALUE, 'a value'),
      hash: maybe(VALUE, 'a value'),
      t: T,
    },
  },
  calls: {
    keys: {
      from: key(whole('place'), 'number of the next record of the source'),
      x: key(listOf(SOURCE_CALL, 1), 'calls of one source, as in entries of rows, each with values of its own'),
      t: T,
    },
  },
  publish: {
    keys: { artifacts: key(listOf(PUBLISHED)), t: T },
  },
  seal: {
    keys: {
      status: key(oneOf('completed', 'completed_with_failures', 'empty', 'abandoned')),
      totals: below(key(TOTALS)),
      subjects: key(SUBJECTS),
      parts: below(maybe(TREE_HEAD, 'if it has splits')),
      digest: maybe(VALUE, 'a value, if it has splits and was not given up'),
      t: T,
    },
  },
  cut: {
    keys: {
      source: key(whole('node')),
      ranges: below(
        key(
          listOf(
            objectOf({
              ...{ part: key(whole('part')), before: key(counted()), records: key(counted()) },
              ...{ line: key(counted()), bytes: key(counted()), files: maybe(counted()) },
            }),
          ),
        ),
      ),
      whole: maybe(whole('part'), 'the split that reads all of it, if it isn’t cut'),
      positions: maybe(VALUE, 'a value'),
      hashes: maybe(VALUE, 'a value'),
      dealt: maybe(
        objectOf({ by: key(text()), epoch: key(counted(1)), bytes: key(counted()) }),
        'if its records were dealt: the field, the epoch of the lease under which that was done, and the bytes of the source',
      ),
      input: maybe(VALUE, 'a value, if its records were dealt'),
      t: T,
    },
    says: 'In the log of a coordinator',
  },
  parts: {
    keys: {
      heads: below(key(listOf(objectOf({ part: key(whole('part')), size: key(counted(1)), root: key(HASH) }), 1))),
      t: T,
    },
    says: 'In the log of a coordinator',
  },
  part: {
    keys: {
      run: key(UUID),
      part: key(whole('part')),
      opening: key(HASH, 'leaf hash of the coordinator’s entry 0'),
      t: T,
    },
    says: 'Entry 0 of a split, and only that',
  },
  close: {
    keys: {
      totals: below(key(TOTALS)),
      subjects: key(SUBJECTS),
      size: key(counted(1), 'of the log before it'),
      root: key(HASH, "of that log's tree"),
      digest: maybe(VALUE, 'a value, if the run was not given up'),
      t: T,
    },
    says: 'The last entry of a split',
  },
}

/** By `k`. Each has `z`. */
export const LEDGER_ENTRIES: { readonly [K in LedgerEntry['k']]: KindOf<Extract<LedgerEntry, { k: K }>> } = {
  birth: {
    keys: {
      format: key(oneOf(LEDGER_FORMAT)),
      ledger: key(text(), 'id'),
      keys: key(listOf(text()), 'verifier keys'),
      recovery: maybe(listOf(text()), 'verifier keys of an offline key'),
      succeeds: maybe(
        objectOf({ ledger: key(text()), size: key(counted(1)), root: key(HASH) }),
        'a ledger whose keys were lost, and the last head of its log 0',
      ),
      signatures: below(key(listOf(text()))),
      t: T,
    },
    says: 'Entry 0, and only that',
  },
  opened: {
    keys: {
      log: key(whole('log')),
      run: key(UUID),
      root: key(HASH, "of the log's tree with entry 0 alone"),
      splits: maybe(counted(1), 'how many logs behind this one are the run’s, too, if some are'),
      t: T,
    },
  },
  taken_over: { keys: { log: key(whole('log')), run: key(UUID), epoch: key(counted(1)), t: T } },
  progress: {
    keys: {
      log: key(whole('log')),
      run: key(UUID),
      size: key(counted(2), 'of the log with the last entry of a commit'),
      root: key(HASH, "of the log's tree then"),
      t: T,
    },
  },
  sealed: {
    keys: {
      log: key(whole('log')),
      run: key(UUID),
      size: key(counted(1), 'of the finished log'),
      root: key(HASH, "of the finished log's tree"),
      t: T,
    },
  },
  erase: {
    keys: {
      log: key(whole('log')),
      run: key(UUID),
      values: below(key(listOf(listOf(whole('entry', 0))), 'what was erased of a sealed run')),
      t: T,
    },
  },
  moved: { keys: { home: key(UUID, 'of where the ledger is written from here on'), t: T } },
  key: {
    keys: {
      change: key(oneOf('add', 'retire', 'revoke')),
      keys: key(listOf(text()), 'verifier keys'),
      signatures: below(key(listOf(text()))),
      t: T,
    },
  },
}
