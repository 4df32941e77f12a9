/** Ledgers for tests: ports without chance, short ways to write drafts, and one small run with every kind of entry. */
import { createHash } from 'node:crypto'
import {
  LEDGER_FORMAT,
  type RunEntry,
  type SealFacts,
  type TotalsFact,
  type VisitFact,
  type VisitStatus,
} from '../../src/format/entry.ts'
import { makeSigner } from '../../src/format/signing-key.ts'
import type { Topology } from '../../src/format/topology.ts'
import { parseVerifierKey } from '../../src/format/verifier-key.ts'
import { trustIn } from '../../src/ledger/keys/trust.ts'
import type { LedgerPorts, RunDraft, RunLedger, SubjectDraft, ValueDraft } from '../../src/ledger/write-port.ts'
import { canonicalize } from '../../src/model/canonical.ts'
import type { Json } from '../../src/model/row.ts'

/** 2026-01-02T03:04:05.000Z */
export const T0 = 1_767_323_045_000_000
export const RUN = '019b7c1a-0000-7000-8000-000000000001'

/** A clock that moves by a microsecond each time it is asked, and bytes from a counter. */
export function testPorts(
  seed = 'test',
  signer = makeSigner('test', new Uint8Array(32).fill(9)),
): LedgerPorts & { advance(us: number): void } {
  let now = T0
  let drawn = 0
  return {
    now_us: () => now++,
    advance: us => {
      now += us
    },
    entropy(size) {
      const bytes = new Uint8Array(size)
      for (let i = 0; i < size; i += 32) {
        bytes.set(
          createHash('sha256')
            .update(`${seed} ${drawn++}`)
            .digest()
            .subarray(0, size - i),
          i,
        )
      }
      return bytes
    },
    signer,
    trust: trustIn(signer.verifier_keys.map(parseVerifierKey)),
  }
}

/** in → screen → gate → (true) split → a | b → join → stats → out; (false) → low */
export const TOPOLOGY: Topology = {
  nodes: [
    { name: 'in', kind: 'source', plugin: 'csv' },
    { name: 'screen', kind: 'transform', plugin: 'explode' },
    { name: 'tier', kind: 'gate' },
    { name: 'split', kind: 'fork', branches: ['left', 'right'] },
    { name: 'a', kind: 'transform', plugin: 'compute' },
    { name: 'b', kind: 'transform', plugin: 'compute' },
    { name: 'join', kind: 'coalesce', branches: ['left', 'right'], policy: 'require_all' },
    { name: 'stats', kind: 'aggregate', plugin: 'batch_stats' },
    { name: 'low', kind: 'sink', plugin: 'csv' },
    { name: 'out', kind: 'sink', plugin: 'jsonl' },
  ],
  edges: [
    [1, 'to', 2],
    [1, 'on_invalid', 0],
    [2, 'to', 3],
    [3, 'true', 4],
    [3, 'false', 9],
    [4, 'left', 5],
    [4, 'right', 6],
    [5, 'to', 7],
    [6, 'to', 7],
    [7, 'to', 8],
    [8, 'to', 10],
  ],
}

export function full(value: Json): ValueDraft {
  return { kind: 'full', text: canonicalize(value) }
}

/** Whoever takes a run over, and looks at nothing. */
export const nothingToSee = async (): Promise<undefined> => undefined

export function opening(run = RUN) {
  const entry = {
    k: 'open',
    format: LEDGER_FORMAT,
    run,
    name: 'sample',
    plan_hash: 'ab'.repeat(32),
    topology: TOPOLOGY,
    custody: '0.1.0',
    plugins: [],
    values: { plan: 1, folder: 2, nodes: TOPOLOGY.nodes.map(() => ({})) },
    t: T0,
  } as const satisfies RunEntry
  const values = [full({ text: 'name: sample', file: 'sample.yaml' }), full('/')]
  return { entry, first_value: 1, values } satisfies RunDraft
}

/** A visit, as its array in an entry. */
export function visit(
  token: number,
  node: number,
  status: VisitStatus,
  values: readonly [into: number, out: number],
  edge: number,
  start_us: number,
  error: VisitFact['error'] = null,
): VisitFact {
  const [into, out] = values
  return { token, node, attempt: 1, status, in: into, out, edge, start_us, duration_us: 5, stood_us: 0, error }
}

export function subjectDraft(draft: Pick<SubjectDraft, 'subject' | 'time_us'> & Partial<SubjectDraft>): SubjectDraft {
  return {
    previous: null,
    origin: null,
    births: [],
    visits: [],
    holds: [],
    releases: [],
    groups_opened: [],
    groups_closed: [],
    timed_out: [],
    endings: [],
    calls: [],
    intents: [],
    orders: 0,
    first_value: 1,
    values: [],
    moved: [],
    open: draft.moved?.length ?? 0,
    closes: draft.subject.kind === 'row' && (draft.open ?? draft.moved?.length ?? 0) === 0,
    ...draft,
  }
}

/** A row that goes from the source through the gate to sink `low`, with its one token. */
export function simpleRow(row: number, token = row): SubjectDraft {
  return subjectDraft({
    subject: { kind: 'row', row },
    time_us: T0 + row * 1000,
    origin: { source: 1, index: row, line: row + 1, repeats: null },
    births: [{ token, group: 0, ordinal: 0, value: 1, parents: [] }],
    visits: [
      visit(token, 1, 0, [0, 1], 1, 0),
      visit(token, 2, 0, [1, 2], 3, 10),
      visit(token, 3, 0, [2, 2], 5, 20),
      visit(token, 9, 0, [2, 0], 0, 30),
    ],
    endings: [{ token, fate: 2, node: 9, sink: 9, group: 0, error: null }],
    values: [
      full({ amount: row, id: row }),
      { ...full({ amount: row, id: row, ok: true }), kind: 'patch', base: 1, set: '{"ok":true}', unset: [] },
    ],
  })
}

export function totals(read: number, born: number, ended: number): TotalsFact {
  return {
    rows: { read, ingested: read, rejected: 0 },
    tokens: { born, ended, open: born - ended },
    groups: 0,
    batches: [],
    endings: [],
    visits: [],
    edges: [],
  }
}

export function commitDraft(commit: number, first_value: number, totals: TotalsFact): RunDraft {
  const facts = { k: 'commit', commit, cursors: [], receipts: [], totals, t: T0 + commit } as const
  return { entry: { ...facts, at_risk: first_value }, first_value, values: [full(1)] }
}

export function sealFacts(totals: TotalsFact): SealFacts {
  return { k: 'seal', status: 'completed', totals, t: T0 + 9_000_000 }
}

/** Totals of `sampleRun`, as far as somebody who continues it needs them. */
const SAMPLE_TOTALS: TotalsFact = { ...totals(4, 10, 10), batches: [[8, 1]] }

/**
 * Appends, in two commits, without sealing:
 * row 1 goes to `low`; row 2 is rejected; row 3 is forked, merged, held in a batch and consumed; row 4 is expanded into
 * two children, one ends at `low`, one is consumed in the batch; the batch bears one token, which reaches `out`.
 */
export async function sampleRun(run: RunLedger): Promise<void> {
  run.append(simpleRow(1, 1))
  run.append(rejected())
  const third = run.append(forked())
  const fourth = run.append(expanded())
  run.append(
    subjectDraft({
      subject: { kind: 'batch', batch: 1 },
      time_us: T0 + 4500,
      origin: { source: 8, index: 1, line: 0, repeats: null },
      groups_opened: [{ group: 4, kind: 3, node: 8, expected: 0 }],
    }),
  )
  run.appendRun(commitDraft(1, 3, totals(4, 9, 7)))
  await run.commit()
  run.append(consumed(3, 6, third, 2, T0 + 6000))
  run.append(consumed(4, 9, fourth, 3, T0 + 6001))
  run.append(batch(run.size - 4))
  run.appendRun({
    entry: { k: 'publish', artifacts: [{ sink: 9, rows: 2, bytes: 20, paths: 4, contents: 5 }], t: T0 + 7000 },
    first_value: 4,
    values: [full(['/tmp/low.csv']), full([{ rows: 2, bytes: 20, sha256: 'cd'.repeat(32) }])],
  })
  run.appendRun(commitDraft(2, 6, SAMPLE_TOTALS))
  await run.commit()
}

function rejected(): SubjectDraft {
  const error = { code: 'BAD_ROW', value: 2 }
  return subjectDraft({
    subject: { kind: 'row', row: 2 },
    time_us: T0 + 2000,
    origin: { source: 1, index: 2, line: 3, repeats: null },
    births: [{ token: 2, group: 0, ordinal: 0, value: 1, parents: [] }],
    visits: [visit(2, 1, 1, [0, 1], 2, 0, error)],
    endings: [{ token: 2, fate: 6, node: 1, sink: 0, group: 0, error }],
    values: [full({ raw: 'x' }), full({ code: 'BAD_ROW', message: 'three cells, not two' })],
  })
}

function forked(): SubjectDraft {
  return subjectDraft({
    subject: { kind: 'row', row: 3 },
    time_us: T0 + 3000,
    origin: { source: 1, index: 3, line: 4, repeats: null },
    births: [
      { token: 3, group: 0, ordinal: 0, value: 1, parents: [] },
      { token: 4, group: 1, ordinal: 0, value: 1, parents: [3] },
      { token: 5, group: 1, ordinal: 1, value: 1, parents: [3] },
      { token: 6, group: 2, ordinal: 0, value: 2, parents: [4, 5] },
    ],
    visits: [
      visit(3, 1, 0, [0, 1], 1, 0),
      visit(3, 3, 0, [1, 1], 4, 10),
      visit(3, 4, 0, [1, 1], 0, 20),
      visit(4, 7, 2, [1, 0], 0, 30),
      visit(5, 7, 2, [1, 0], 0, 40),
      visit(4, 7, 0, [1, 2], 0, 50),
      visit(5, 7, 0, [1, 2], 0, 50),
      visit(6, 8, 2, [2, 0], 0, 60),
    ],
    groups_opened: [
      { group: 1, kind: 0, node: 4, expected: 2 },
      { group: 2, kind: 2, node: 7, expected: 2 },
    ],
    groups_closed: [
      { group: 1, verdict: 'forked', detail: 0, members: [] },
      { group: 2, verdict: 'merged', detail: 0, members: [4, 5] },
    ],
    holds: [
      { token: 4, node: 7, group: 2, ordinal: 0, batch: null },
      { token: 5, node: 7, group: 2, ordinal: 1, batch: null },
      { token: 6, node: 8, group: 4, ordinal: 0, batch: 1 },
    ],
    endings: [
      { token: 3, fate: 20, node: 4, sink: 0, group: 1, error: null },
      { token: 4, fate: 22, node: 7, sink: 0, group: 2, error: null },
      { token: 5, fate: 22, node: 7, sink: 0, group: 2, error: null },
    ],
    values: [full({ id: 3 }), full({ id: 3, merged: true })],
    moved: [{ token: 6, node: 8 }],
  })
}

function expanded(): SubjectDraft {
  return subjectDraft({
    subject: { kind: 'row', row: 4 },
    time_us: T0 + 4000,
    origin: { source: 1, index: 4, line: 5, repeats: null },
    births: [
      { token: 7, group: 0, ordinal: 0, value: 1, parents: [] },
      { token: 8, group: 3, ordinal: 0, value: 2, parents: [7] },
      { token: 9, group: 3, ordinal: 1, value: 3, parents: [7] },
    ],
    visits: [
      visit(7, 1, 0, [0, 1], 1, 0),
      visit(7, 2, 0, [1, 0], 0, 10),
      visit(8, 9, 0, [2, 0], 0, 20),
      visit(9, 8, 2, [3, 0], 0, 30),
    ],
    groups_opened: [{ group: 3, kind: 1, node: 2, expected: 2 }],
    groups_closed: [{ group: 3, verdict: 'expanded', detail: 0, members: [] }],
    holds: [{ token: 9, node: 8, group: 4, ordinal: 1, batch: 1 }],
    endings: [
      { token: 7, fate: 21, node: 2, sink: 0, group: 3, error: null },
      { token: 8, fate: 2, node: 9, sink: 9, group: 0, error: null },
    ],
    values: [full({ id: 4 }), full({ id: 4, part: 1 }), full({ id: 4, part: 2 })],
    moved: [{ token: 9, node: 8 }],
  })
}

/** A held token's visit at `stats` recorded again, and its end. */
function consumed(row: number, token: number, previous: number, value: number, time_us: number): SubjectDraft {
  return subjectDraft({
    subject: { kind: 'row', row },
    time_us,
    previous,
    visits: [visit(token, 8, 0, [value, 0], 0, 1)],
    endings: [{ token, fate: 23, node: 8, sink: 0, group: 4, error: null }],
  })
}

function batch(previous: number): SubjectDraft {
  return subjectDraft({
    subject: { kind: 'batch', batch: 1 },
    time_us: T0 + 6002,
    previous,
    births: [{ token: 10, group: 4, ordinal: 0, value: 1, parents: [] }],
    visits: [visit(10, 10, 0, [1, 0], 0, 10)],
    groups_closed: [{ group: 4, verdict: 'count', detail: 0, members: [6, 9] }],
    endings: [{ token: 10, fate: 1, node: 10, sink: 10, group: 0, error: null }],
    values: [full({ count: 2 })],
  })
}
